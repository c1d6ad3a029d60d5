"""The metrics that an intervention was to move beside its primary one: a verdict on each, and their weeks.

Belongs here: the table and the small charts of further metrics. Does not belong here: the primary metric, on which the
verdict of the page rests (`intervention_detail`).
"""

from collections.abc import Sequence

from orchestration.reports.blocks import Cell, Column, Section, Table, Words, present
from orchestration.reports.sections import intervention_rare_events
from orchestration.reports.sections.intervention_evidence import Evidence, chance_words
from orchestration.reports.sections.intervention_signals import Charted
from orchestration.reports.sections.intervention_verdicts import what_is_missing
from orchestration.reports.sections.interventions_overview import (
    small_charts,
    verdict_cells,
)
from orchestration.reports.wording import SCOPE_METRICS, counted, is_missing, level_plural, metric_name, sentence_start

COLUMNS = (
    Column("Metric"),
    Column("Verdict"),
    Column("Change so far", is_numeric=True, note="range with 95 % confidence"),
    Column("What it rests on"),
)


def sections(further: Sequence[tuple[Charted, Evidence]], scope_name: str) -> tuple[Section, ...]:
    """The section on further metrics; none where the intervention has one metric only.

    Args:
        further: Each with what the analyses hold on it.
        scope_name: What the metrics are measured on, in words.
    """
    if not further:
        return ()
    rows = tuple(_row(one, evidence) for one, evidence in further)
    by_week = [(sentence_start(metric_name(one.metric)), one) for one, _ in further if one.gaps is None]
    rare = [
        intervention_rare_events.chart(one, one.gaps, scope_name, f"rare-events-{one.metric.replace('_', '-')}")
        for one, _ in further
        if one.gaps is not None
    ]
    blocks = present((
        Words((
            "The verdict above rests on the primary metric alone. These were to move too, or to be kept from getting "
            "worse; each is judged by itself, and all tests of the refresh are corrected for their number together.",
        )),
        Table(f"{counted(len(rows), 'further metric')}", COLUMNS, rows),
        small_charts("further-metrics-chart", "further metric", by_week),
        *rare,
    ))  # fmt: skip
    return (Section("further-metrics", "What else did it move?", blocks),)


def _row(one: Charted, evidence: Evidence) -> tuple[Cell, ...]:
    verdict = evidence.verdict
    wanted = "should rise" if one.facts["desired_direction"] == "up" else "should fall"
    measured_on = "" if one.metric in SCOPE_METRICS else f"{level_plural(str(one.facts['level']))}; "
    weeks = f"{counted(verdict['n_post'], 'complete week')} since against {verdict['n_baseline']:.0f} before"
    caution = chance_words(evidence)
    withheld = None if is_missing(verdict["withheld_reason"]) else f"Withheld: {verdict['withheld_reason']}."
    return (
        Cell(sentence_start(metric_name(one.metric)), note=f"{measured_on}{wanted}"),
        *verdict_cells(one, verdict),
        Cell(weeks, note=withheld or caution or what_is_missing(verdict)),
    )
