"""All registered interventions and how they go: a row each, and their weeks as small charts.

Belongs here: the table and the small charts on the first page. Does not belong here: one intervention's evidence
(`intervention_detail`).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Chart, Column, LegendEntry, Notice, Table, Words, present
from orchestration.reports.figures import small_behaviour_charts
from orchestration.reports.figures.behaviour_chart import Timeline
from orchestration.reports.figures.small_behaviour_charts import Panel
from orchestration.reports.sections.intervention_signals import Charted, projection
from orchestration.reports.sections.intervention_verdicts import (
    effect_and_interval,
    headword,
    order_of,
    projected_change,
    since_when,
)
from orchestration.reports.wording import (
    NOT_MEASURED,
    as_day,
    clipped,
    counted,
    day,
    day_range,
    is_missing,
    listed,
    metric_name,
    sentence_start,
)

COLUMNS = (
    Column("Intervention"),
    Column("Verdict"),
    Column("Change so far", is_numeric=True, note="range with 95 % confidence"),
    Column("Launched"),
    Column("Next"),
)
#: More small charts than these would be a wall; the pages of the interventions have them all.
MOST_PANELS: Final = 8


def blocks(
    interventions: Sequence[Sequence[Charted]],
    verdicts: Mapping[str, pd.Series],
    hrefs: Mapping[str, str],
    scope_names: Mapping[str, str],
) -> tuple[Block, ...]:
    """A sentence, the table of interventions, and their weeks; where somebody has to decide comes first.

    Args:
        interventions: The metrics of each intervention, its primary one first.
        verdicts: intervention_id → the newest verdict on its primary metric.
        hrefs: intervention_id → its page.
        scope_names: intervention_id → what its metric is measured on, in words.
    """
    if not interventions:
        return (
            Notice(
                "No interventions are registered (registers/interventions.csv of the portfolio folder).", tone="muted"
            ),
        )
    ordered = sorted(
        (metrics[0] for metrics in interventions),
        key=lambda one: (
            order_of(str(verdicts[one.intervention_id]["verdict"])),
            -as_day(one.facts["launched_date"]).toordinal(),
            one.intervention_id,
        ),
    )
    n_further = {metrics[0].intervention_id: len(metrics) - 1 for metrics in interventions}
    rows = tuple(
        _row(one, verdicts[one.intervention_id], hrefs[one.intervention_id], scope_names, n_further) for one in ordered
    )
    titled = [(str(one.facts["intervention_name"]), one) for one in ordered]
    return present((
        Words((_headline(ordered, verdicts),)),
        Table(f"{counted(len(rows), 'intervention')}, where a decision is due first", COLUMNS, rows),
        small_charts("interventions-chart", "intervention", titled),
    ))  # fmt: skip


def _headline(ordered: Sequence[Charted], verdicts: Mapping[str, pd.Series]) -> str:
    """How many stand at which verdict, in the order of the table."""
    counts: dict[str, list[str]] = {}
    for one in ordered:
        words, _, _ = headword(verdicts[one.intervention_id])
        counts.setdefault(words, []).append(clipped(str(one.facts["intervention_name"]), 50))
    parts = [f"{words.lower()}: {listed(names, 3)}" for words, names in counts.items()]
    return f"Of {counted(len(ordered), 'intervention')} – {'; '.join(parts)}."


def _row(
    one: Charted, verdict: pd.Series, href: str, scope_names: Mapping[str, str], n_further: Mapping[str, int]
) -> tuple[Cell, ...]:
    # What else would have to come is long; the intervention's own page says it.
    is_early = verdict["verdict"] == "insufficient_data" and not is_missing(verdict["missing"])
    missing = f"missing: {verdict['missing']}" if is_early else None
    wanted = "should rise" if one.facts["desired_direction"] == "up" else "should fall"
    metric = f"{sentence_start(metric_name(one.metric))}, {scope_names[one.intervention_id]}; {wanted}"
    if n_further[one.intervention_id]:
        metric += f"; {counted(n_further[one.intervention_id], 'further metric')} on its page"
    return (
        Cell(str(one.facts["intervention_name"]), href=href, note=metric),
        *verdict_cells(one, verdict),
        Cell(day(one.facts["launched_date"]), note=f"{counted(verdict['n_post'], 'complete week')} since"),
        Cell(str(verdict["action"]), note=missing),
    )


def verdict_cells(one: Charted, verdict: pd.Series) -> tuple[Cell, Cell]:
    """The verdict on a metric with its standing, and the change so far beside what was projected."""
    words, sub_status, tone = headword(verdict)
    measured = effect_and_interval(verdict, one.metric)
    projected = projected_change(verdict, one.metric)
    promised = "nothing projected" if projected is None else f"projected {projected}"
    stands = [part for part in (sub_status, since_when(verdict)) if part]
    change = Cell(NOT_MEASURED, note=promised)
    if measured is not None:
        change = Cell(measured[0], note=f"{measured[1]}; {promised}")
    return Cell(words, note=", ".join(stands) or None, tone=tone), change


def small_charts(chart_id: str, what: str, titled: Sequence[tuple[str, Charted]]) -> Chart | None:
    """The weeks of several metrics as small charts, each under its title; None where none has a week to draw.

    `what` is the noun for one of them in the title.
    """
    drawable = [(title, one) for title, one in titled if _complete(one)["value"].notna().any()]
    shown = drawable[:MOST_PANELS]
    if not shown:
        return None
    panels = []
    for title, one in shown:
        points = _complete(one)
        panels.append(
            Panel(
                title=title,
                points=points.assign(
                    signal_direction=points["signal_direction"].map(
                        {"improvement": "favourable", "concern": "unfavourable"}
                    )
                ),
                limits=one.limits,
                timeline=Timeline(
                    as_day(one.facts["launched_date"]), as_day(one.facts["transition_end_date"]), None, None
                ),
                projected=projection(one)[0],
            )
        )
    n_rows = -(-len(shown) // small_behaviour_charts.COLUMNS)
    rest = "" if len(shown) == len(drawable) else f"; {len(drawable) - len(shown)} more on pages of their own"
    starts = pd.concat([panel.points["week_start"] for panel in panels])
    window = day_range(starts.min(), starts.max() + pd.Timedelta(days=6))
    has_signals = {direction for panel in panels for direction in panel.points["signal_direction"].dropna()}
    entries: tuple[tuple[bool, LegendEntry], ...] = (
        (True, LegendEntry("launch", "launch")),
        (any(panel.limits.centre is not None for panel in panels), LegendEntry("centre", "centre line before it")),
        (any(panel.limits.upper is not None for panel in panels), LegendEntry("limit", "limits")),
        (any(panel.projected is not None for panel in panels), LegendEntry("projected", "projected level")),
        ("favourable" in has_signals, LegendEntry("favourable", "signal in the desired direction (green)")),
        ("unfavourable" in has_signals, LegendEntry("unfavourable", "signal against it (red)")),
    )
    title = f"The weeks of {counted(len(shown), what)} before and after the launch, {window}{rest}"
    return Chart(
        chart_id=chart_id,
        title=title,
        figure=small_behaviour_charts.figure(panels),
        description=f"Small charts of each metric by week. {title}",
        height=small_behaviour_charts.PANEL_HEIGHT * n_rows + 40,
        legend=tuple(entry for is_drawn, entry in entries if is_drawn),
        notes=("Each scale is its own metric’s, from 0.",),
    )


def _complete(one: Charted) -> pd.DataFrame:
    return one.points[one.points["is_complete"].astype("boolean").fillna(value=False).astype(bool)]
