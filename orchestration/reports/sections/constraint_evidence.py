"""The indicators of all active stages side by side.

Belongs here: reading `analysis.stage_constraint_evidence` out, as a chart and as sentences. Does not belong here: the
verdict (`constraint_verdict`) and the card of the stage that it names (`constraint_card`).
"""

from collections.abc import Mapping

import pandas as pd

from orchestration.reports.blocks import Cell, Chart, Column, LegendEntry, Table
from orchestration.reports.figures import stage_pressure
from orchestration.reports.wording import NOT_MEASURED, count, counted_items, day_range, is_missing, percent

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


def overview_chart(lines: Mapping[str, pd.DataFrame], named: Mapping[str, set[str]]) -> Chart | None:
    """How busy each active stage of each value stream was; None if no stage was measured.

    Args:
        lines: Value stream name → `line_evidence`.
        named: Value stream name → ids of the stages that are declared or candidates.
    """
    measured = {name: line[line["utilisation"].notna()] for name, line in lines.items()}
    parts = [
        line.assign(group_name=name, is_named=line["stage_id"].isin(named[name]))
        for name, line in measured.items()
        if not line.empty
    ]
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
            LegendEntry("dot", "named the constraint, or a candidate"),
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


def detail_table(name: str, line: pd.DataFrame, level: str) -> Table | None:
    """The indicators of one value stream, stage by stage, most pointed-to first; None if none was measured."""
    if line.empty:
        return None
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
    caption = f"Active stages of {name} ({window}; up to {n_total} left a stage)"
    return Table(caption, DETAIL_COLUMNS, rows, collapsed_as="All stages, indicator by indicator")
