"""The page of one value stream.

Belongs here: the order of its sections, and which rows each part gets. Does not belong here: what a section says and
how it is drawn.
"""

from collections.abc import Mapping

import pandas as pd

from orchestration.reports.blocks import Block, Notice, Page, Section, Words, present
from orchestration.reports.context import ReportContext
from orchestration.reports.sections import (
    constraint_card,
    constraint_evidence,
    constraint_verdict,
    cumulative_flow,
    cycle_time,
    data_quality,
    flow_time_by_level,
    flow_time_change,
    increments_compared,
    stage_ladder,
    stalls,
    what_is_coming,
    work_in_progress,
)
from orchestration.reports.sections.levels import LEVELS, TABLE_LEVEL, counted_at
from orchestration.reports.sections.periods import complete_periods, complete_weeks
from orchestration.reports.value_streams import ValueStream
from orchestration.reports.wording import counted, data_up_to, level_plural, listed


def value_stream_page(frames: Mapping[str, pd.DataFrame], context: ReportContext, stream: ValueStream) -> Page:
    """The page of one value stream: what is stuck and why, what is coming, how it compares with its own past."""
    items = frames["fct_work_items"]
    items = items[items["value_stream_id"] == stream.identity]
    stages = frames["dim_stages"]
    stage_metrics = frames["mart_stage_metrics"]
    stage_metrics = stage_metrics[stage_metrics["value_stream_id"] == stream.identity]
    stage_days = frames["mart_stage_days"]
    stage_days = stage_days[stage_days["value_stream_id"] == stream.identity]
    flow, increments, level = frames["mart_flow_metrics"], frames["dim_increments"], stream.level
    periods = complete_periods(flow, increments, "value_stream", stream.identity, level)
    tables = [increments_compared.periods_table(periods, level)]
    if level != TABLE_LEVEL and len(counted_at(items, TABLE_LEVEL)):
        feature_periods = complete_periods(flow, increments, "value_stream", stream.identity, TABLE_LEVEL)
        tables.append(increments_compared.periods_table(feature_periods, TABLE_LEVEL))
    stuck = [block for workflow in stream.workflows for block in _stuck_blocks(frames, stream, workflow, stage_metrics)]
    if stream.workflows:
        other_stalls = frames["stall_cascades"]
        other_stalls = other_stalls[other_stalls["value_stream_id"] == stream.identity]
        trains = dict(zip(frames["dim_trains"]["train_id"], frames["dim_trains"]["train_name"], strict=True))
        shown = (level, stream.workflows[0])
        stuck += present(
            [
                stalls.other_level_words(other_stalls, level, stages),
                constraint_verdict.other_lines(frames["constraint_declarations"], stream.identity, shown, trains),
            ]
        )
    plural = level_plural(level)
    return Page(
        file_name=stream.href,
        title=stream.name,
        lead=_stream_lead(frames, context, stream),
        sections=(
            Section("stuck", "What is stuck, and why?", tuple(stuck) or (Words((f"No {plural} yet.",)),)),
            *what_is_coming.stream_sections(frames, stream, stage_metrics),
            Section("increments", "Against its own last increments", (*tables, *_flow_time_change(frames, stream))),
            Section("cycle-time", "How long work takes", (cycle_time.chart(items, periods, level),)),
            Section(
                "work-in-progress",
                "Work in progress",
                (
                    work_in_progress.weekly_chart(complete_weeks(flow, "value_stream", stream.identity, level), level),
                    *work_in_progress.ageing_blocks(items, stages, periods, level, context.as_of_day),
                ),
            ),
            Section(
                "cumulative-flow",
                "Cumulative flow",
                tuple(
                    cumulative_flow.chart(
                        stage_days=stage_days,
                        items=items,
                        visits=frames["fct_stage_visits"],
                        stages=stages,
                        level=level,
                        workflow_id=workflow,
                        as_of=context.as_of_day,
                    )
                    for workflow in stream.workflows
                )
                or (Words((f"No {plural} yet.",)),),
            ),
        ),
        kind="value_stream",
        headline=data_quality.staleness_notices(frames["mart_data_coverage"], context),
    )


def _stuck_blocks(
    frames: Mapping[str, pd.DataFrame], stream: ValueStream, workflow: str, stage_metrics: pd.DataFrame
) -> tuple[Block, ...]:
    """The verdict on one line, the card of the stage that it names, all stages side by side."""
    level = stream.level
    evidence = constraint_evidence.line_evidence(frames["stage_constraint_evidence"], stream.identity, level, workflow)
    line = constraint_verdict.line_verdict(frames["constraint_declarations"], stream.identity, level, workflow)
    teams = dict(zip(frames["dim_teams"]["team_id"], frames["dim_teams"]["team_name"], strict=True))
    tables = {
        name: frames[name]
        for name in (
            "waiting_by_stage",
            "hand_off_pairs",
            "signal_links",
            "constraint_scopes",
            "constraint_sensitivity",
        )
    }
    return present(
        [
            Notice(
                constraint_verdict.headline(stream.name, line, level),
                tone="muted" if constraint_verdict.named_stages(line).empty else "plain",
            ),
            *constraint_card.cards(line, evidence, level, stream.identity, tables, teams),
            stage_ladder.chart(stage_metrics, frames["dim_stages"], level, workflow),
            constraint_evidence.detail_table(stream.name, evidence, level),
            *_stall_blocks(frames, stream, workflow, line, stage_metrics),
        ]
    )


def _stall_blocks(
    frames: Mapping[str, pd.DataFrame],
    stream: ValueStream,
    workflow: str,
    line: pd.DataFrame,
    stage_metrics: pd.DataFrame,
) -> tuple[Block, ...]:
    stages = frames["dim_stages"]
    own = stages[stages["workflow_id"] == workflow]
    cascades, links = (
        table[(table["value_stream_id"] == stream.identity) & (table["level"] == stream.level)]
        for table in (frames["stall_cascades"], frames["stall_links"])
    )
    weeks = stage_metrics[
        (stage_metrics["level"] == stream.level) & stage_metrics["stage_id"].isin(list(own["stage_id"]))
    ]
    return stalls.blocks(cascades, links, own, line, weeks, stream.level)


def _flow_time_change(frames: Mapping[str, pd.DataFrame], stream: ValueStream) -> tuple[Block, ...]:
    """The newest change of every level as a picture, then in numbers: the level charted open, the others folded."""
    changes, increments = frames["flow_time_changes"], frames["dim_increments"].sort_values("start_date")
    names = dict(zip(increments["increment_id"].astype(str), increments["increment_name"].astype(str), strict=True))
    others = [level for level in LEVELS if level != stream.level]
    return present(
        [
            flow_time_by_level.within(changes, stream.identity, increments),
            *flow_time_change.blocks(changes, stream.identity, stream.level, names),
            *(
                block
                for level in others
                for block in flow_time_change.blocks(changes, stream.identity, level, names, is_folded=True)
            ),
        ]
    )


def _stream_lead(frames: Mapping[str, pd.DataFrame], context: ReportContext, stream: ValueStream) -> str:
    if stream.is_unassigned:
        return (
            f"Items that no membership rule of the portfolio file matched; charts show {level_plural(stream.level)}. "
            f"{data_up_to(context.local_as_of)}"
        )
    trains, teams = frames["dim_trains"], frames["dim_teams"]
    train_names = trains.loc[trains["value_stream_id"] == stream.identity].sort_values("position")["train_name"]
    n_teams = (teams["value_stream_id"] == stream.identity).sum()
    named = f" ({listed([str(name) for name in train_names])})" if len(train_names) else ""
    return (
        f"Value stream with {counted(len(train_names), 'train')}{named} and {counted(n_teams, 'team')}; charts show "
        f"{level_plural(stream.level)}. {data_up_to(context.local_as_of)}"
    )
