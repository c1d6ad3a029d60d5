"""Where the value streams are stuck: the evidence by active stage, in words.

Belongs here: reading `analysis.stage_constraint_evidence` out, with what limits it. Does not belong here: a verdict. A
rank is evidence; naming a constraint takes a resampled probability and a check by simulation.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Chart, Column, LegendEntry, Notice, Table
from orchestration.reports.figures import stage_pressure
from orchestration.reports.wording import (
    NOT_MEASURED,
    count,
    counted_items,
    day_range,
    is_missing,
    level_plural,
    listed,
    number,
    percent,
    sentence_start,
)

EVIDENCE_NOTE = (
    "Evidence, not a verdict: a stage ranks first where being busy, fully busy, seldom idle for lack of work and "
    "(where no limit on work in progress was reached) having the longest queue point to it together. Capacity is "
    "estimated from the busiest moments unless it is given."
)
# A stage with a quarter of its capacity idle works its queue off between bursts; ranking first says little then.
STRAINED_FROM = 0.75
FEWEST_TO_COMPARE = 2
OVERVIEW_COLUMNS = (
    Column("Value stream"),
    Column("Evidence points most to"),
    Column("Busy", is_numeric=True, note="interval"),
    Column("Waiting before it", is_numeric=True, note="items, mean"),
    Column("Their wait", is_numeric=True, note="share of flow time"),
    Column("Basis"),
)
DETAIL_COLUMNS = (
    Column("Stage"),
    Column("Rank", is_numeric=True),
    Column("What the data says", is_prose=True),
)


def line_evidence(evidence: pd.DataFrame, value_stream_id: str, level: str, workflow_id: str) -> pd.DataFrame:
    """The rows of one line (value stream, level, workflow), in the order of the workflow."""
    own = evidence[
        (evidence["value_stream_id"] == value_stream_id)
        & (evidence["level"] == level)
        & (evidence["workflow_id"] == workflow_id)
    ]
    return own.sort_values(["stage_position", "stage_id"], ignore_index=True)


def leading_stages(line: pd.DataFrame) -> pd.DataFrame:
    """The stages that share evidence rank 1; empty if nothing can be compared or the data does not suffice."""
    if line.empty or int(line["n_stages_ranked"].iloc[0]) < FEWEST_TO_COMPARE:
        return line.iloc[:0]
    first = line[(line["evidence_rank"] == 1).fillna(value=False).astype(bool)]
    return first if first["is_sufficient"].astype(bool).all() else line.iloc[:0]


def withheld_reason(line: pd.DataFrame, level: str) -> str:
    """Why no stage is named, one clause."""
    if line.empty:
        return f"no {level_plural(level)} passed an active stage in the window"
    if int(line["n_stages_ranked"].iloc[0]) < FEWEST_TO_COMPARE:
        return "fewer than two active stages had work that can be measured, so there is nothing to compare"
    first = line[(line["evidence_rank"] == 1).fillna(value=False).astype(bool)]
    short = first[~first["is_sufficient"].astype(bool)]
    if short.empty:
        return "no stage can be ranked"
    return f"too little data at {short['stage_name'].iloc[0]}: {short['insufficient_reason'].iloc[0]}"


def rivals(line: pd.DataFrame) -> list[str]:
    """Stages whose busy interval overlaps that of the single leading stage: their order is not settled."""
    first = leading_stages(line)
    if len(first) != 1 or is_missing(first["utilisation_lower"].iloc[0]):
        return []
    others = line[(line["stage_id"] != first["stage_id"].iloc[0]) & line["utilisation_upper"].notna()]
    overlapping = others[others["utilisation_upper"] >= first["utilisation_lower"].iloc[0]]
    return [str(name) for name in overlapping["stage_name"]]


def has_room(first: pd.DataFrame) -> bool:
    """Whether the leading stages were busy so little that they had room to catch up."""
    return bool((first["utilisation"] < STRAINED_FROM).all())


def headline(name: str, line: pd.DataFrame, level: str) -> str:
    """One sentence about a value stream, true for any data."""
    first = leading_stages(line)
    if first.empty:
        return f"{name}: no stage is pointed to, as {withheld_reason(line, level)}."
    if len(first) > 1:
        shares = [f"busy {percent(share)}" for share in first["utilisation"]]
        shares[0] += " of the time"
        named = [f"{stage} ({share})" for stage, share in zip(first["stage_name"], shares, strict=True)]
        return f"{name}: the evidence points equally to {listed(named)}."
    stage = first.iloc[0]
    sentence = (
        f"{name}: the evidence points most to {stage['stage_name']}, busy {percent(stage['utilisation'])} of the time"
    )
    if not is_missing(stage["queue_mean"]):
        sentence += (
            f" with {number(stage['queue_mean'])} {_noun(stage['queue_mean'], level)} waiting before it on average"
        )
    if has_room(first):
        return (
            f"{name}: no stage stands out. {stage['stage_name']} ranks first but was busy only "
            f"{percent(stage['utilisation'])} of the time."
        )
    near = rivals(line)
    if near:
        return (
            f"{sentence}; how busy {listed(near)} {'was' if len(near) == 1 else 'were'} overlaps, so the order is open."
        )
    return f"{sentence}."


def _noun(value: float, level: str) -> str:
    return level if number(value) == "1" else level_plural(level)


def overview_table(
    lines: Mapping[str, pd.DataFrame], levels: Mapping[str, str], hrefs: Mapping[str, str]
) -> Table | None:
    """One row per value stream: the leading stage with its numbers, or why none is named.

    Args:
        lines: Value stream name → `line_evidence`.
        levels: Value stream name → level of work charted.
        hrefs: Value stream name → its page.
    """
    if not lines:
        return None
    rows = tuple(_overview_row(name, line, levels[name], hrefs[name]) for name, line in lines.items())
    return Table("Where work is stuck, by value stream", OVERVIEW_COLUMNS, rows, notes=(EVIDENCE_NOTE,))


def _overview_row(name: str, line: pd.DataFrame, level: str, href: str) -> tuple[Cell, ...]:
    head = Cell(name, href=href, note=level_plural(level))
    first = leading_stages(line)
    if first.empty:
        blank = Cell(NOT_MEASURED, tone="muted")
        return (
            head,
            Cell("No stage named", note=sentence_start(withheld_reason(line, level)) + ".", tone="muted"),
            blank,
            blank,
            blank,
            _basis(line),
        )
    near = rivals(line)
    note = f"Not clearly ahead of {listed(near)}." if near else None
    if len(first) > 1:
        note = "Equal rank."
    if has_room(first):
        note = f"Not strongly: busy less than {percent(STRAINED_FROM)}."
    names = listed([str(stage) for stage in first["stage_name"]])
    busy = [_busy(row) for row in first.to_dict("records")]
    waiting = [NOT_MEASURED if is_missing(value) else number(value) for value in first["queue_mean"]]
    waits = [NOT_MEASURED if is_missing(value) else percent(value) for value in first["wait_share"]]
    return (
        head,
        Cell(names, note=note),
        Cell("; ".join(busy)),
        Cell("; ".join(waiting)),
        Cell("; ".join(waits)),
        _basis(line.loc[first.index]),
    )


def _busy(row: Mapping[Hashable, Any]) -> str:
    text = percent(row["utilisation"])
    if is_missing(row["utilisation_lower"]):
        return text
    return f"{text} ({row['utilisation_lower'] * 100:.0f}–{row['utilisation_upper'] * 100:.0f})"


def _basis(line: pd.DataFrame) -> Cell:
    if line.empty:
        return Cell(NOT_MEASURED, tone="muted")
    row = line.iloc[0]
    departures = listed([count(value) for value in line["n_departures"]])
    return Cell(
        f"n {departures} departures, {count(row['n_weeks'])} weeks",
        note=day_range(row["window_start"], row["window_end"]),
    )


def overview_chart(lines: Mapping[str, pd.DataFrame]) -> Chart | None:
    """How busy each active stage of each value stream was; None if no stage was measured."""
    parts = [
        line[line["utilisation"].notna()].assign(group_name=name) for name, line in lines.items() if not line.empty
    ]
    parts = [part for part in parts if not part.empty]
    if not parts:
        return None
    stages = pd.concat(parts, ignore_index=True)
    title = pressure_title(stages)
    return Chart(
        chart_id="stage-pressure",
        title=title,
        figure=stage_pressure.figure(stages),
        description=f"Busy share of each active stage with its interval. {title}",
        height=55 + 25 * len(stages) + 27 * len(parts),
        legend=(
            LegendEntry("dot", "evidence rank 1 in its value stream"),
            LegendEntry("ring", "other active stages"),
            LegendEntry("interval", "95 % interval"),
        ),
        notes=(
            "Busy: share of the stage’s capacity that was in use. A stage that is hardly ever idle has no room to "
            "catch up.",
        ),
    )


def pressure_title(stages: pd.DataFrame) -> str:
    """What the chart of busy shares shows, in numbers."""
    busiest = stages.sort_values(["utilisation", "stage_id"], ascending=[False, True]).iloc[0]
    window = day_range(stages["window_start"].min(), stages["window_end"].max())
    if len(stages) == 1:
        return (
            f"{busiest['stage_name']} in {busiest['group_name']} was busy {percent(busiest['utilisation'])} ({window})"
        )
    least = stages["utilisation"].min()
    return (
        f"{busiest['stage_name']} in {busiest['group_name']} was the busiest of {len(stages)} active stages: "
        f"{percent(busiest['utilisation'])}, n {count(busiest['n_departures'])} departures; the least busy: "
        f"{percent(least)} ({window})"
    )


def detail_blocks(name: str, line: pd.DataFrame, level: str) -> tuple[Block, ...]:
    """The evidence of one value stream, stage by stage, most pointed-to first."""
    if line.empty:
        return (Notice(f"No evidence by stage: {withheld_reason(line, level)}.", tone="muted"),)
    ordered = line.sort_values(["evidence_rank", "stage_position"], na_position="last")
    rows = tuple(
        (
            Cell(str(stage)),
            Cell(NOT_MEASURED if is_missing(rank) else f"{rank} of {n_ranked}"),
            Cell(str(words)),
        )
        for stage, rank, n_ranked, words in zip(
            ordered["stage_name"],
            ordered["evidence_rank"],
            ordered["n_stages_ranked"],
            ordered["evidence"],
            strict=True,
        )
    )
    window = day_range(line["window_start"].iloc[0], line["window_end"].iloc[0])
    n_total = counted_items(line["n_departures"].max(), level)
    table = Table(
        f"Active stages of {name} by evidence ({window}; up to {n_total} left a stage)",
        DETAIL_COLUMNS,
        rows,
        notes=(EVIDENCE_NOTE,),
    )
    return Notice(headline(name, line, level), tone="plain" if len(leading_stages(line)) else "muted"), table
