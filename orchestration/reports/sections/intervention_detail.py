"""One intervention: its verdict, its behaviour chart, what the signals say, its facts and weekly points.

Belongs here: the order of what is said about one intervention, and its chart. Does not belong here: the verdict's words
(`intervention_verdicts`) and the evidence beside it (`intervention_evidence`).
"""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pandas as pd

from orchestration.reports.blocks import (
    Block,
    Cell,
    Chart,
    Column,
    Facts,
    LegendEntry,
    Notice,
    Section,
    Swatch,
    Table,
    Words,
    present,
)
from orchestration.reports.figures import behaviour_chart
from orchestration.reports.figures.behaviour_chart import SIGNAL_NAMES, Timeline
from orchestration.reports.sections import intervention_further_metrics, intervention_rare_events
from orchestration.reports.sections.intervention_evidence import (
    Evidence,
    effect_blocks,
    end_to_end_words,
    sustainment_blocks,
)
from orchestration.reports.sections.intervention_signals import (
    Charted,
    against_centre,
    named_signals,
    projection,
    signal_letters,
    state,
)
from orchestration.reports.sections.intervention_verdicts import (
    headword,
    since_when,
    verdict_sentence,
    what_is_missing,
)
from orchestration.reports.wording import (
    MIN_ITEMS_FOR_PERCENTILE,
    NOT_MEASURED,
    SCOPE_METRICS,
    as_day,
    count,
    counted,
    day,
    day_range,
    is_missing,
    level_plural,
    metric_name,
    metric_value,
    number,
    sentence_start,
    weekly_statistic,
)

_STATUS_WORDS = {
    "run_chart": "too few weeks for limits",
    "trial": "trial (6 to 11 weeks)",
    "usable": "usable (12 to 19 weeks)",
    "firm": "firm (20 weeks or more)",
}
_REASON_WORDS = {
    "transition": "transition",
    "incomplete_week": "week not complete",
    "no_value": "no value",
    "not_positive": "duration of 0 on a logarithmic chart",
    "no_size": "a share of which the parts are not known",
    "before_baseline": "before the baseline",
}
_PHASE_WORDS = {"before": "before", "transition": "transition", "after": "after"}
POINT_COLUMNS = (
    Column("Week of"),
    Column("Phase"),
    Column("Value", is_numeric=True),
    Column("n", is_numeric=True),
    Column("Moving range", is_numeric=True),
    Column("Signal"),
    Column("Left out of the rules"),
)


def sections(
    charted: Charted,
    scope_name: str,
    stage_name: str | None,
    evidence: Evidence,
    stage_names: Mapping[str, str],
    further: Sequence[tuple[Charted, Evidence]] = (),
) -> tuple[Section, ...]:
    """The sections of an intervention's page.

    Args:
        charted: The intervention's primary metric.
        scope_name: What its metric is measured on, in words ("value stream Payments").
        stage_name: Its stage, if the metric is one of a stage.
        evidence: What the analyses hold on it.
        stage_names: Names of all stages by id.
        further: Its other metrics, each with what the analyses hold on it.
    """
    return (
        _verdict_section(charted, evidence, stage_names),
        *intervention_further_metrics.sections(further, scope_name),
        _signals_section(charted, scope_name, stage_name),
        Section("lasting", "Does the gain last?", sustainment_blocks(evidence)),
        Section(
            "measured",
            "What was changed and measured",
            (_facts(charted, scope_name, stage_name), _points_table(charted)),
        ),
    )


def _verdict_section(charted: Charted, evidence: Evidence, stage_names: Mapping[str, str]) -> Section:
    row = evidence.verdict
    _, _, tone = headword(row)
    since = since_when(row)
    next_action = f"Next: {row['action']}"
    if since is not None:
        next_action += f" The verdict has stood {since}."
    said = [next_action, what_is_missing(row)]
    return Section(
        "verdict",
        "Is it working?",
        present((
            Notice(verdict_sentence(row, charted.metric, str(charted.facts["desired_direction"])), tone=tone),
            Words(tuple(words for words in said if words)),
            *effect_blocks(charted, evidence),
            end_to_end_words(evidence, stage_names),
        )),
    )  # fmt: skip


def _signals_section(charted: Charted, scope_name: str, stage_name: str | None) -> Section:
    words, tone = state(charted)
    projected, projection_words = projection(charted)
    signals = named_signals(charted)
    said = [sentence for sentence in (against_centre(charted), projection_words) if sentence]
    signal_words = [f"{clause}." for clause in signals] if signals else _without_signals(charted)
    return Section(
        "signals",
        "How the weeks went",
        present((
            Notice(words, tone="muted" if tone == "muted" else "plain"),
            Words(tuple(said)) if said else None,
            _chart(charted, projected, scope_name, stage_name)
            if charted.gaps is None
            else intervention_rare_events.chart(charted, charted.gaps, scope_name, "behaviour-chart"),
            Words(tuple(signal_words)) if signal_words else None,
            Words(
                (
                    "A signal is a reason to look, not a verdict: about one unchanged process in three shows a signal "
                    "within 13 weeks. Other changes at the same time would show here too.",
                )
            ),
        )),
    )  # fmt: skip


def _without_signals(charted: Charted) -> list[str]:
    if charted.limits.centre is None:
        return []
    judged = charted.points[~charted.points["is_excluded"]]
    return [f"No signal in any of the {counted(len(judged), 'week')} judged."] if len(judged) else []


def _facts(charted: Charted, scope_name: str, stage_name: str | None) -> Facts:
    facts = charted.facts
    baseline = charted.points[charted.points["is_baseline"]]
    entries: list[tuple[str, str]] = []
    if not is_missing(facts["hypothesis"]):
        entries.append(("Hypothesis", str(facts["hypothesis"])))
    levels = "" if charted.metric in SCOPE_METRICS else f", {level_plural(str(facts['level']))}"
    entries.append(("Measured on", f"{scope_name}{levels}"))
    if stage_name is not None:
        entries.append(("Stage", stage_name))
    way = "rise" if facts["desired_direction"] == "up" else "fall"
    entries.append(
        ("Metric", f"{sentence_start(metric_name(charted.metric))}: {weekly_statistic(charted.metric)}; should {way}")
    )
    entries.append(("Launched", day(facts["launched_date"])))
    last_of_transition = as_day(facts["transition_end_date"]) - timedelta(days=1)
    if last_of_transition >= as_day(facts["launched_date"]):
        entries.append(("Transition", f"up to {day(last_of_transition)}; its weeks are not judged"))
    if len(baseline):
        window = day_range(baseline["week_start"].min(), baseline["week_start"].max() + pd.Timedelta(days=6))
        entries.append(("Baseline", f"{counted(len(baseline), 'week')} with a value, {window}"))
    entries.append(("Limits", _STATUS_WORDS.get(charted.limits_status, charted.limits_status)))
    if not is_missing(facts["owner_role"]):
        entries.append(("Owner", str(facts["owner_role"])))
    return Facts(tuple(entries))


def _chart(charted: Charted, projected: float | None, scope_name: str, stage_name: str | None) -> Block:
    points = charted.points
    drawn = points[points["is_complete"].astype("boolean").fillna(value=False).astype(bool)]
    if not drawn["value"].notna().any():
        return Notice("No chart: no complete week has a value yet.", tone="muted")
    baseline = points[points["is_baseline"]]
    timeline = Timeline(
        launched=as_day(charted.facts["launched_date"]),
        transition_end=as_day(charted.facts["transition_end_date"]),
        baseline_first=as_day(baseline["week_start"].min()) if len(baseline) else None,
        baseline_last=as_day(baseline["week_start"].max()) if len(baseline) else None,
    )
    direction = drawn["signal_direction"].map({"improvement": "favourable", "concern": "unfavourable"})
    title = _title(charted, drawn, stage_name)
    notes = [f"Each point: {weekly_statistic(charted.metric)} ({scope_name}). {charted.note}".strip()]
    n_incomplete = len(points) - len(drawn)
    if n_incomplete:
        notes.append(
            f"{counted(n_incomplete, 'week')} left out: still running, or begun before the first day with data."
        )
    n_withheld = int(drawn["value"].isna().sum())
    if n_withheld:
        notes.append(
            f"{counted(n_withheld, 'week')} without a point: fewer than {MIN_ITEMS_FOR_PERCENTILE} items, or nothing "
            "measured."
        )
    return Chart(
        chart_id="behaviour-chart",
        title=title,
        figure=behaviour_chart.figure(
            drawn.assign(
                signal=drawn["signal_rule"],
                signal_direction=direction,
                signal_letter=signal_letters(points).reindex(drawn.index),
                **_accepted_gain(drawn),
            ),
            charted.limits,
            timeline,
            charted.metric,
            projected,
        ),
        description=f"Process behaviour chart of {metric_name(charted.metric)}. {title}",
        height=400,
        legend=_legend(charted, timeline, projected, set(direction.dropna())),
        notes=tuple(notes),
    )


def _accepted_gain(drawn: pd.DataFrame) -> dict[str, pd.Series]:
    """The limits of an accepted gain in the weeks in which they are in force."""
    is_gain = (drawn["period_in_force"].astype("Int64") > 1).fillna(value=False).astype(bool)
    names = {
        "gain_centre": "period_centre_line",
        "gain_lower": "period_lower_limit",
        "gain_upper": "period_upper_limit",
    }
    return {name: drawn[column].astype(float).where(is_gain) for name, column in names.items()}


def _legend(
    charted: Charted, timeline: Timeline, projected: float | None, directions: set[str]
) -> tuple[LegendEntry, ...]:
    """Entries for what is drawn, and for nothing else."""
    limits = charted.limits
    entries: tuple[tuple[bool, Swatch, str], ...] = (
        (True, "launch", "launch"),
        (timeline.baseline_first is not None, "baseline", "baseline"),
        (timeline.transition_end > timeline.launched, "transition", "transition, not judged"),
        (limits.centre is not None, "centre", "baseline’s centre line"),
        (
            limits.upper is not None or limits.lower is not None or limits.by_week is not None,
            "limit",
            "limits" if limits.by_week is None else "limits, by the size of each week",
        ),
        (limits.upper_near is not None or limits.lower_near is not None, "near", "near limits"),
        (projected is not None, "projected", "projected level"),
        (
            bool((charted.points["period_in_force"].astype("Int64") > 1).fillna(value=False).any()),
            "gain",
            "the gain’s own centre line and limits",
        ),
        ("favourable" in directions, "favourable", "signal in the desired direction"),
        ("unfavourable" in directions, "unfavourable", "signal against it"),
    )
    return tuple(LegendEntry(swatch, label) for is_drawn, swatch, label in entries if is_drawn)


def _title(charted: Charted, drawn: pd.DataFrame, stage_name: str | None) -> str:
    name = sentence_start(metric_name(charted.metric))
    if stage_name is not None:
        staged = {"stage_time": "Time in", "stage_wip": "Work in", "stage_departures": "Departures from"}
        name = f"{staged[charted.metric]} {stage_name}" if charted.metric in staged else f"{name} ({stage_name})"
    measured = drawn[drawn["value"].notna()]
    window = day_range(measured["week_start"].min(), measured["week_start"].max() + pd.Timedelta(days=6))
    basis = f"n {counted(len(measured), 'week')}, {window}"
    limits = charted.limits
    if limits.centre is None:
        return f"{name} by week, without limits: too few complete weeks before the launch ({basis})"
    n_baseline = int(charted.points["is_baseline"].sum())
    after = charted.after
    centre = metric_value(limits.centre, charted.metric)
    text = f"{name}: {centre} in the centre of the {counted(n_baseline, 'week')} before the launch"
    if limits.lower is not None and limits.upper is not None:
        text += f", limits {_bare(limits.lower, charted.metric)} to {metric_value(limits.upper, charted.metric)}"
    elif limits.upper is not None:
        text += f", upper limit {metric_value(limits.upper, charted.metric)}"
    elif limits.lower is not None:
        text += f", lower limit {metric_value(limits.lower, charted.metric)}"
    if after.empty:
        return f"{text}; no week after the transition yet ({basis})"
    outside = after["signal_rule"] == "outside"
    verb = "is" if int(outside.sum()) == 1 else "are"
    n_outside = "none" if not outside.any() else count(outside.sum())
    return f"{text}; {n_outside} of the {counted(len(after), 'week')} after the transition {verb} outside ({basis})"


def _bare(value: float, metric: str) -> str:
    """The first value of a range: without the unit that the second one carries."""
    return metric_value(value, metric).removesuffix(" days").removesuffix(" day").removesuffix(" %")


def _points_table(charted: Charted) -> Table:
    points = charted.points.iloc[::-1]
    is_log = (charted.points["chart_scale"] == "log").any()
    rows = tuple(
        (
            Cell(day(week)),
            Cell(_PHASE_WORDS.get(str(phase), str(phase)) + (", baseline" if in_baseline else "")),
            Cell(NOT_MEASURED if is_missing(value) else metric_value(value, charted.metric)),
            Cell(NOT_MEASURED if is_missing(n_items) else count(n_items)),
            Cell(NOT_MEASURED if is_missing(moved) else (f"× {math.exp(moved):.2f}" if is_log else number(moved, 2))),
            Cell(SIGNAL_NAMES.get(str(rule), "") + _way(way)),
            Cell(_REASON_WORDS.get(str(reason), "") if excluded else ""),
        )
        for week, phase, in_baseline, value, n_items, moved, rule, way, excluded, reason in zip(
            points["week_start"], points["phase"], points["is_baseline"], points["value"], points["n_items"],
            points["moving_range"], points["signal_rule"], points["signal_direction"], points["is_excluded"],
            points["exclusion_reason"], strict=True,
        )
    )  # fmt: skip
    notes = []
    if is_log:
        notes.append(
            "The chart is computed on the logarithm of the values, as durations are skewed; so the moving range is a "
            "factor between one week and the next."
        )
    return Table(
        f"Weekly points, newest first ({metric_name(charted.metric)})",
        POINT_COLUMNS,
        rows,
        collapsed_as=f"Show the {counted(len(rows), 'weekly point')}",
        notes=tuple(notes),
    )


def _way(direction: object) -> str:
    return {"improvement": ", desired", "concern": ", against"}.get(str(direction), "")
