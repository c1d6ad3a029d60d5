"""How far each constraint reaches: which value streams and levels of work a stage holds back.

Belongs here: verdicts level by level, and whether a stage is a matter of the system or of one place
(`analysis.constraint_scopes`). Does not belong here: the verdict on one line (`constraint_verdict`).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Column, Notice, Table, Tone, present
from orchestration.reports.sections.constraint_verdict import named_stages, of_window, short_window, windowed
from orchestration.reports.sections.levels import LEVELS
from orchestration.reports.value_streams import ValueStream
from orchestration.reports.wording import (
    NOT_MEASURED,
    count,
    counted,
    day_range,
    is_missing,
    level_plural,
    listed,
    percent,
)

_REACH: Final = {"system_wide": "system-wide", "scope_specific": "in one place", "mixed": "mixed"}
_TELLING: Final = ("system_wide", "scope_specific")
_COLUMNS: Final = (
    Column("Stage"),
    Column("Reach"),
    Column("What it rests on", is_prose=True),
)


def sentences(scopes: pd.DataFrame, declared: pd.DataFrame) -> list[str]:
    """One sentence per stage that is a matter of the whole portfolio or of one place, over the short window."""
    is_told = (scopes["window_weeks"] == short_window(declared)) & scopes["scope_class"].isin(_TELLING)
    own = scopes[is_told].sort_values(
        ["n_streams_named", "n_levels_named", "stage_name"], ascending=[False, False, True]
    )
    return own["sentence"].astype(str).to_list()


def blocks(
    declared: pd.DataFrame, scopes: pd.DataFrame, streams: Sequence[ValueStream], hrefs: Mapping[str, str]
) -> tuple[Block, ...]:
    """The verdicts level by level, then how far each stage named reaches.

    Args:
        declared: `analysis.constraint_declarations`.
        scopes: `analysis.constraint_scopes`.
        streams: The value streams to show.
        hrefs: value_stream_id → its page.
    """
    return present([_levels_table(declared, streams, hrefs), _reach_block(scopes)])


def _levels_table(declared: pd.DataFrame, streams: Sequence[ValueStream], hrefs: Mapping[str, str]) -> Table | None:
    all_lines = windowed(declared)
    own = all_lines[all_lines["scope"] == "value_stream"]
    levels = [level for level in LEVELS if level in set(own["level"])]
    if not levels or not streams:
        return None
    rows = tuple(
        (
            Cell(stream.name, href=hrefs[stream.identity]),
            *(_level_cell(own[(own["scope_id"] == stream.identity) & (own["level"] == level)]) for level in levels),
        )
        for stream in streams
    )
    recent = of_window(own)
    window = day_range(recent["window_start"].min(), recent["window_end"].max())
    columns = (Column("Value stream"), *(Column(level_plural(level).capitalize()) for level in levels))
    return Table(f"The constraint at every level of work ({short_window(declared)} weeks, {window})", columns, rows)


def _level_cell(line: pd.DataFrame) -> Cell:
    """The verdict on a level; where several workflows serve it, the one that says most."""
    rows = of_window(line)
    if rows.empty:
        return Cell("No work at this level", tone="muted")
    named = named_stages(line)
    if named.empty:
        n_most = counted(rows["n_departures"].max(), "departure")
        if (rows["verdict"] == "insufficient_data").all():
            return Cell("Too little data", note=f"{n_most} at most", tone="muted")
        return Cell("No stage stands out", note=f"n {n_most}", tone="muted")
    declared = named[named["status"] == "declared"]
    shown = declared if len(declared) else named
    status = "declared" if len(declared) else "candidate"
    chances = listed([percent(min(chance, 0.999)) for chance in shown["p_constraint"]])
    tone: Tone = "bad" if len(declared) else "warning"
    note = f"{status}, {chances}; n {listed([count(n) for n in shown['n_departures']])} departures"
    return Cell(listed([str(name) for name in shown["stage_name"]]), note=note, tone=tone)


def _reach_block(scopes: pd.DataFrame) -> Block:
    if scopes.empty:
        return Notice(
            "How far a constraint reaches: nothing to tell, as no stage is declared or a candidate in any value "
            "stream, at any level.",
            tone="muted",
        )
    ordered = scopes.sort_values(
        ["window_weeks", "n_streams_named", "n_levels_named", "stage_name"], ascending=[True, False, False, True]
    )
    # What both windows say alike is said once.
    weeks_of: dict[tuple[str, str, str], list[int]] = {}
    for row in ordered.to_dict("records"):
        reach = NOT_MEASURED if is_missing(row["scope_class"]) else _REACH[row["scope_class"]]
        weeks_of.setdefault((str(row["stage_name"]), reach, str(row["sentence"])), []).append(int(row["window_weeks"]))
    rows = tuple(
        (Cell(stage, note=f"over {listed([str(one) for one in weeks])} weeks"), Cell(reach), Cell(sentence))
        for (stage, reach, sentence), weeks in weeks_of.items()
    )
    note = (
        "System-wide: named in most value streams that use the stage, and at two levels of work where several use it. "
        "In one place: declared in one value stream or at one level only, and items wait longer before it there. "
        "Mixed: neither. The portfolio file sets what counts as most."
    )
    return Table("How far each stage that is named holds work back", _COLUMNS, rows, notes=(note,))
