"""What a chart's limits rest on and what was allowed for, in words.

Belongs here: the note of an intervention's chart; each sentence follows from the numbers. Does not belong here: the
numbers (:mod:`.intervention_charts`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestration.analytics.attribute_charts import PointLimits
from orchestration.analytics.chart_choice import choose_chart
from orchestration.analytics.process_limits import MAX_AUTOCORRELATION_FOR_RUN_RULES, MIN_POINTS_USABLE
from orchestration.analytics.rare_event_charts import RARE_CHARTS

if TYPE_CHECKING:
    from orchestration.analytics.intervention_charts import InterventionChart
    from orchestration.analytics.process_limits import ProcessLimits


def describe_chart(chart: InterventionChart, min_baseline: int) -> str:
    """Say in words what the limits rest on and what was allowed for; each sentence follows from the numbers."""
    limits = chart.facts
    weeks = chart.frame["week_start"][chart.in_baseline]
    if chart.choice.chart in RARE_CHARTS:
        return f"No limits by week: {chart.choice.reason[0].lower()}{chart.choice.reason[1:]}"
    if not limits.has_limits:
        return f"No limits: {_no_limits_reason(limits, min_baseline)}."
    period = f"{weeks.iloc[0]:%Y-%m-%d} to {weeks.iloc[-1]:%Y-%m-%d}"
    sentences = [f"Limits frozen on {limits.n_baseline} complete weeks, {period} ({limits.status})."]
    if limits.n_baseline < MIN_POINTS_USABLE:
        sentences.append(f"Trial limits: {MIN_POINTS_USABLE} weeks are needed before a change is judged by them.")
    if limits.n_screened:
        sentences.append(
            f"{limits.n_screened} of the moving ranges lay above their limit and were left out of the average."
        )
    if limits.widening > 1:
        word = "Autocorrelated, limits" if limits.is_autocorrelated else "Limits"
        sentences.append(f"{word} widened by {limits.widening - 1:.0%} for a lag-1 autocorrelation of {limits.r1:.2f}.")
    if not limits.run_rules_apply:
        sentences.append(
            f"No run rules, as the autocorrelation is {MAX_AUTOCORRELATION_FOR_RUN_RULES} or more: "
            "only points outside the limits are marked."
        )
    if not limits.has_width:
        sentences.append("The baseline did not vary, so only shifts and trends are marked.")
    return " ".join([*sentences, *_drawn_sentences(chart)])


def _drawn_sentences(chart: InterventionChart) -> list[str]:
    """Say what of the chart is not as usual: its scale, limits that are not drawn, weeks with too few items."""
    choice, limits = chart.choice, chart.limits
    sentences = []
    if choice.chart == "xmr" and choose_chart(str(chart.frame["metric"].iloc[0])).scale != choice.scale:
        sentences.append("The baseline holds durations of 0, so the chart is linear and not logarithmic.")
    if isinstance(limits, PointLimits) and choice.chart in ("c", "c_prime"):
        if np.isnan(limits.lower_limit).all():
            sentences.append(f"No lower limit is drawn, as it would lie below {choice.floor:g}.")
    elif isinstance(limits, PointLimits):
        sentences.append("Limits differ by week: the fewer a week holds, the wider they are.")
    else:
        if np.isnan(limits.lower_limit):
            sentences.append(f"No lower limit is drawn, as it would lie below {choice.floor:g}.")
        if np.isnan(limits.upper_limit):
            sentences.append(f"No upper limit is drawn, as it would lie above {choice.ceiling:g}.")
    if chart.advised_period in _THIN_WEEKS:
        sentences.append(_THIN_WEEKS[chart.advised_period])
    return sentences


_THIN_WEEKS = {
    "two_weeks": "More than a quarter of the baseline's weeks hold too few items; periods of two weeks would do.",
    "longer": "More than a quarter of the baseline's weeks hold too few items, and periods of two weeks do, too.",
}


def _no_limits_reason(limits: ProcessLimits, min_baseline: int) -> str:
    """Say why a baseline gave no limits."""
    if limits.n_baseline < min_baseline:
        return f"{limits.n_baseline} complete weeks with a value before the launch, at least {min_baseline} needed"
    return f"no two of the {limits.n_baseline} complete weeks with a value before the launch follow each other"
