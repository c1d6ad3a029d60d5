"""Which process behaviour chart a metric gets, and why, in words.

Belongs here: the table from metric to chart, scale and bounds, and the two questions of size: are the events too rare
for a count per week, do too few items lie behind a week. Does not belong here: the charts (:mod:`.process_limits`,
:mod:`.attribute_charts`) and drawing them for interventions (:mod:`.process_behaviour`).

Sources: D. C. Montgomery, *Introduction to Statistical Quality Control*, chapters 6 and 7; D. B. Laney (2002) for p'
and u' as the default for shares and rates; J. C. Benneyan (2001) for g charts of rare events. Which metrics are charted
on the logarithm is a finding of simulations: on skewed durations raw limits raise false alarms on more than half of
unchanged processes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from orchestration.analytics.attribute_charts import dispersion_test

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Floats
    from orchestration.analytics.attribute_charts import AttributeKind

CHARTS = ("xmr", "p_prime", "u_prime", "c", "c_prime", "g", "t", "run_chart")

#: Which limits by size the charts of counts draw; the other charts are not among them.
ATTRIBUTE_KINDS: dict[str, AttributeKind] = {"p_prime": "p", "u_prime": "u", "c": "c", "c_prime": "c"}


@dataclass(frozen=True, slots=True)
class ChartChoiceSettings:
    """When a week is thin and an event rare.

    ``min_items``: a week with fewer finished items is thin. ``max_thin_share``: with more thin weeks than this share,
    periods are made longer. ``rare_below``: events with a lower median count per week are rare.
    """

    min_items: int = 5
    max_thin_share: float = 0.25
    rare_below: float = 1.0


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """The chart of a metric: one of ``CHARTS``, its scale (``log``, ``linear``), bounds and period, and the reason.

    ``floor`` and ``ceiling`` are values that the metric cannot pass, None where there is none. ``period`` is ``week``,
    ``two_weeks``, ``iteration`` or ``increment``, ``period_weeks`` its length. ``run_chart``: even the longest period
    holds too few items for limits. ``reason`` is one or two sentences.
    """

    chart: str
    scale: str
    floor: float | None
    ceiling: float | None
    period: str
    period_weeks: int
    reason: str


def _individuals(scale: str, floor: float | None, ceiling: float | None, reason: str) -> ChartChoice:
    return ChartChoice("xmr", scale, floor, ceiling, "week", 1, reason)


_DURATION = _individuals(
    "log", None, None, "Durations are skewed, so the logarithm of each period's median is charted (XmR)."
)
_COUNT = _individuals("linear", 0.0, None, "A count or a level per period: one measurement each (XmR), not below 0.")
_BARE_SHARE = _individuals(
    "linear", 0.0, 1.0, "A share of which numerator and denominator are not known: one measurement each (XmR), 0 to 1."
)
_SHARE = ChartChoice(
    "p_prime", "linear", 0.0, 1.0, "week", 1, "A share of a known number: limits by the size of each period (Laney p')."
)
_BARE_RATE = _individuals(
    "linear", 0.0, None, "A rate of which the size is not known: one measurement each (XmR), not below 0."
)
_RATE = ChartChoice(
    "u_prime", "linear", 0.0, None, "week", 1, "A count per size: limits by the size of each period (Laney u')."
)

_DURATIONS = ("cycle_time", "flow_time", "lead_time", "stage_time", "time_to_restore")
_COUNTS = ("throughput", "velocity", "wip", "queue_length", "stage_wip", "stage_departures")
_DAY_SHARES = ("flow_efficiency", "blocked_share", "rework_share", "utilisation", "predictability")
#: Shares of which both parts are counted: so many of so many items, defects, deployments.
_COUNTED_SHARES = ("escape_rate", "reopened_share", "change_failure_share", "on_time_share", "practice_adherence")
_SHARES = (*_DAY_SHARES, *_COUNTED_SHARES)
_RATES = ("defects_per_item", "vulnerabilities_per_release", "debt_items_per_kloc")
_EVENTS = (
    "defects", "incidents", "escaped_defects", "safety_defects", "vulnerabilities", "deployments", "failed_deployments",
)  # fmt: skip

METRICS = (*_DURATIONS, *_COUNTS, *_SHARES, *_RATES, *_EVENTS)


def is_of_events(metric: str) -> bool:
    """Whether a metric counts events per week, whose chart depends on how often there are any."""
    return metric in _EVENTS


def is_counted(metric: str) -> bool:
    """Whether a metric counts events, or is a share or rate of things that are counted."""
    return metric in (*_EVENTS, *_COUNTED_SHARES, *_RATES)


def effect_method(metric: str, chart: str) -> str:
    """Return how the effect on a charted metric is estimated.

    ``quasi_poisson`` for counts and for shares and rates of counts; ``rate_ratio`` for events too rare to count by
    week; ``autoregression`` for measurements, also for shares of days, which are no counts.
    """
    if metric in _EVENTS:
        return "rate_ratio" if chart in ("g", "t") else "quasi_poisson"
    is_sized = chart in ("p_prime", "u_prime")
    return "quasi_poisson" if is_counted(metric) and is_sized else "autoregression"


def choose_chart(
    metric: str,
    *,
    n_items: ArrayLike | None = None,
    counts: ArrayLike | None = None,
    has_sizes: bool = False,
    iteration_weeks: int | None = None,
    increment_weeks: int | None = None,
    settings: ChartChoiceSettings | None = None,
) -> ChartChoice:
    """Choose the chart of a metric.

    Give weeks of the baseline only: a choice that later weeks could change would redraw the past.

    Parameters
    ----------
    metric: one of ``METRICS``.
    n_items: finished items behind each complete week, oldest first, for durations, shares and rates; None = not known,
        and the period stays the week. Periods are made longer (two weeks, the iteration, the increment) until at most
        a quarter of them hold fewer than 5 items.
    counts: events per complete week, for counts of events: below a median of 1 they are rare and what lies between
        them is charted; else c if they scatter as chance does, c' if not.
    has_sizes: whether numerator and denominator (or size) of each period are known; for rare events, whether what they
        can happen on is counted (failed deployments among deployments); others are charted by time.
    iteration_weeks, increment_weeks: lengths of the planning periods, None = there are none.

    Raises ``ValueError`` for an unknown metric.
    """
    rules = settings or ChartChoiceSettings()
    if metric in _EVENTS:
        return _of_events(np.asarray([] if counts is None else counts, dtype=float), rules, has_sizes=has_sizes)
    if metric in _COUNTS:
        return _COUNT
    if metric in _DURATIONS:
        choice = _DURATION
    elif metric in _SHARES:
        choice = _SHARE if has_sizes else _BARE_SHARE
    elif metric in _RATES:
        choice = _RATE if has_sizes else _BARE_RATE
    else:
        raise ValueError(f"Unknown metric {metric}; use one of {', '.join(METRICS)}.")
    items = np.asarray([] if n_items is None else n_items, dtype=float)
    return _with_enough_items(choice, items[np.isfinite(items)], rules, iteration_weeks, increment_weeks)


def with_zeros_in_baseline(choice: ChartChoice) -> ChartChoice:
    """Return the chart of durations of which some are 0 and have no logarithm: linear, not below 0."""
    return replace(
        choice,
        scale="linear",
        floor=0.0,
        reason=choice.reason.replace(
            _DURATION.reason, "Durations of which some are 0, which have no logarithm: medians as they are (XmR)."
        ),
    )


def _of_events(counts: Floats, rules: ChartChoiceSettings, *, has_sizes: bool) -> ChartChoice:
    counts = counts[np.isfinite(counts)]
    plain = ChartChoice("c_prime", "linear", 0.0, None, "week", 1, "")
    if not counts.size:
        return replace(plain, reason="Counts of events without a baseline yet: limits that allow for any scatter (c').")
    median = float(np.median(counts))
    if median < rules.rare_below:
        rare = f"The median week has {median:g} events, too few to count by week"
        if has_sizes:
            return replace(plain, chart="g", reason=f"{rare}: the items between events are charted (g).")
        return replace(plain, chart="t", reason=f"{rare}: the time between events is charted (t).")
    test = dispersion_test(counts)
    if test.is_poisson:
        reason = f"Counts that scatter as chance does (p {test.p_value:.2f} over {test.n} weeks): c chart."
        return replace(plain, chart="c", reason=reason)
    reason = f"Counts that scatter otherwise than chance does (p {test.p_value:.2g} over {test.n} weeks): c' chart."
    return replace(plain, reason=reason)


def _with_enough_items(
    choice: ChartChoice,
    items: Floats,
    rules: ChartChoiceSettings,
    iteration_weeks: int | None,
    increment_weeks: int | None,
) -> ChartChoice:
    """Return the choice with the shortest period of which at most a quarter hold too few items."""
    if not items.size or _thin_share(items, 1, rules) <= rules.max_thin_share:
        return choice
    n_thin = int((items < rules.min_items).sum())
    why = f"{n_thin} of {items.size} weeks hold fewer than {rules.min_items} items"
    longer = [("two_weeks", 2), ("iteration", iteration_weeks or 0), ("increment", increment_weeks or 0)]
    for period, weeks in longer:
        if weeks > 1 and items.size >= weeks and _thin_share(items, weeks, rules) <= rules.max_thin_share:
            reason = f"{choice.reason} {why}, so the period is {weeks} weeks."
            return replace(choice, period=period, period_weeks=weeks, reason=reason)
    reason = f"{why}, and longer periods do not hold enough either: points without limits."
    return replace(choice, chart="run_chart", reason=reason)


def _thin_share(items: Floats, weeks: int, rules: ChartChoiceSettings) -> float:
    """Return the share of whole periods, counted back from the last week, with too few items."""
    n_periods = items.size // weeks
    periods = items[items.size - n_periods * weeks :].reshape(n_periods, weeks).sum(axis=1)
    return float((periods < rules.min_items).mean())
