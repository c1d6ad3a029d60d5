"""What value streams do to each other: hand-offs, waits for items of others, constraints that reach across.

Belongs here: the order of the page's sections, its sentences on the first page, and which rows each part gets. Does
not belong here: what the parts say (`hand_offs`, `dependency_waits`, `constraint_reach`, `flow_time_by_level`).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from orchestration.reports.blocks import Block, Chart, Notice, Section, Table, Words, present
from orchestration.reports.context import ReportContext
from orchestration.reports.sections import constraint_reach, dependency_waits, flow_time_by_level, hand_offs
from orchestration.reports.sections.hand_offs import ScopeNames
from orchestration.reports.sections.levels import LEVELS, charted_level
from orchestration.reports.sections.periods import complete_periods
from orchestration.reports.value_streams import ValueStream

HREF: Final = "across-value-streams.html"


def overview_blocks(frames: Mapping[str, pd.DataFrame], context: ReportContext) -> tuple[Block, ...]:
    """What the first page says of it: a sentence each on waits and on hand-offs, and the way to the page."""
    told = _sentences(frames, context, is_short=True)
    link = Notice("Who hands on to whom, who waits for whom, level by level:", "plain", HREF, "across value streams")
    return (Words(tuple(told)), link)


def sections(
    frames: Mapping[str, pd.DataFrame],
    context: ReportContext,
    streams: Sequence[ValueStream],
    hrefs: Mapping[str, str],
) -> tuple[Section, ...]:
    """The page's sections; `hrefs` are the value streams' pages by value_stream_id."""
    names = hand_offs.scope_names(frames)
    items, increments = frames["fct_work_items"], frames["dim_increments"]
    level = charted_level(items)
    flow = frames["mart_flow_metrics"]
    whole = flow.loc[flow["scope_type"] == "portfolio", "scope_id"].unique()
    scope_id = str(whole[0]) if len(whole) else ""
    periods = complete_periods(flow, increments, "portfolio", scope_id, level)
    stages = frames["dim_stages"]
    stage_names = dict(zip(stages["stage_id"].astype(str), stages["stage_name"].astype(str), strict=True))
    dependencies, waits = frames["fct_dependencies"], frames["mart_dependency_waits"]
    return (
        Section(
            "short",
            "What value streams do to each other",
            (Words(tuple(_sentences(frames, context))),),
        ),
        Section(
            "waiting",
            "Who waits for whom?",
            present(
                [
                    dependency_waits.waiting_table(dependencies, items, stage_names, names),
                    *dependency_waits.pair_blocks(waits, names, context.as_of_day),
                    dependency_waits.trend_block(waits, periods, names),
                ]
            ),
        ),
        Section("hand-offs", "Where does work lie between hands?", _hand_off_blocks(frames, names, level, periods)),
        Section(
            "reach",
            "How far does each constraint reach?",
            constraint_reach.blocks(frames["constraint_declarations"], frames["constraint_scopes"], streams, hrefs),
        ),
        Section(
            "flow-time",
            "How flow time changed, level by level",
            (flow_time_by_level.across(frames["flow_time_changes"], streams, increments),),
        ),
    )


def _sentences(frames: Mapping[str, pd.DataFrame], context: ReportContext, *, is_short: bool = False) -> list[str]:
    """What is said at the top; in short of the widest kind of hand-off only."""
    names = hand_offs.scope_names(frames)
    level = charted_level(frames["fct_work_items"])
    return [
        *dependency_waits.sentences(
            frames["fct_dependencies"], frames["mart_dependency_waits"], names, context.as_of_day
        ),
        *hand_offs.sentences(
            frames["hand_off_matrix"],
            frames["hand_off_pairs"],
            names,
            level,
            kinds=(names.widest,) if is_short else None,
        ),
    ]


def _hand_off_blocks(
    frames: Mapping[str, pd.DataFrame], names: ScopeNames, level: str, periods: pd.DataFrame
) -> tuple[Block, ...]:
    """The matrices and tables of the level charted, its trend, and the pairs of the other levels."""
    matrix, pairs = frames["hand_off_matrix"], frames["hand_off_pairs"]
    blocks: list[Block | None] = [
        *hand_offs.matrix_blocks(matrix, pairs, names, level),
        hand_offs.trend_block(frames["mart_hand_offs"], periods, level),
    ]
    others = [one for one in LEVELS if one != level]
    blocks += [
        hand_offs.pairs_table(pairs, names, kind, one, is_folded=True)
        for one in others
        for kind in (*names.wide_kinds, "team")
    ]
    shown = present(blocks)
    if any(isinstance(block, Chart) or (isinstance(block, Table) and not block.collapsed_as) for block in shown):
        return shown
    if shown:
        # What is folded away is no answer: say what holds of the level that the page charts.
        told = hand_offs.sentences(matrix, pairs, names, level)
        return (Notice(" ".join(told), tone="muted"), *shown)
    return (hand_offs.nothing_to_draw(matrix),)
