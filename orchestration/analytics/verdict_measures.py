"""What the verdict on an intervention reads of one series: its effect, its signs, how far it goes by itself.

Belongs here: these readings for measurements, for counts and shares, and for rare events, all on the scale of the
effect. Does not belong here: the table of verdicts that reads them (:mod:`.intervention_verdict`), the estimates
(:mod:`.intervention_effects`) and the run rules (:mod:`.process_signals`).

Measurements and counts show a gain by a run of weeks on the better side of limits frozen before the launch. Rare events
have too few weeks with any for that: they show it by a run of gaps between events, or by one gap beyond its limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestration.analytics.attribute_charts import attribute_baseline
from orchestration.analytics.count_step import rates_of
from orchestration.analytics.interrupted_series import step_effect
from orchestration.analytics.intervention_effects import counted_step
from orchestration.analytics.process_limits import natural_process_limits
from orchestration.analytics.process_signals import ChartLimits, judge_points, run_positions
from orchestration.analytics.rate_step import rate_step

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags, Floats, Ints
    from orchestration.analytics.attribute_charts import AttributeKind
    from orchestration.analytics.intervention_effects import Step
    from orchestration.analytics.rare_event_charts import RareEventChart
    from orchestration.analytics.series_minima import InterruptedSeriesSettings

#: Added to counts of recent weeks, so that a rate of none has a logarithm (Haldane, Anscombe).
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """What the weeks (or gaps between events) after the launch show against the frozen limits."""

    has_good_run: bool = False
    has_bad_run: bool = False
    has_bad_outside: bool = False
    has_recent_good_signal: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """One series as it stood at the end of its last week, on the scale of its effect.

    ``sigma`` is the standard deviation of a week in the baseline, NaN for rare events: a week with none says nothing of
    what a change of their rate is worth. ``recent_shift`` how far the recent weeks lie from the baseline's centre;
    ``reach`` how far from it the process since the launch goes by itself, NaN = no bound.
    ``is_of_gaps``: the signs are gaps between events, not weeks.
    """

    effect: Step
    has_limits: bool
    run_rules_apply: bool
    sigma: float
    recent_shift: float
    reach: float
    seen: Seen
    is_of_gaps: bool


def breaks_between(weeks: Ints) -> Flags:
    """Return which weeks do not follow the week before."""
    breaks = np.ones(weeks.size, dtype=bool)
    breaks[1:] = np.diff(weeks) != 1
    return breaks


def measure_weeks(
    series: Floats,
    places: Ints,
    post: Flags,
    direction: str,
    lengths: tuple[int, int],
    settings: InterruptedSeriesSettings,
) -> Measured:
    """Read a series of single measurements. ``lengths``: weeks that are a run, and that are recent."""
    limits = natural_process_limits(series[~post], breaks=breaks_between(places[~post]), allow_for_autocorrelation=True)
    since = natural_process_limits(series[post], breaks=breaks_between(places[post]), allow_for_autocorrelation=True)
    recent = float(np.median(series[post][-lengths[1] :])) if post.any() else float("nan")
    return Measured(
        effect=step_effect(series, places, post, settings=settings),
        has_limits=limits.has_limits,
        run_rules_apply=limits.run_rules_apply,
        sigma=limits.sigma,
        recent_shift=recent - limits.centre_line,
        reach=(since.upper_limit if direction == "up" else since.lower_limit) - limits.centre_line,
        seen=_seen(series[post], limits, direction, breaks_between(places[post]), lengths)
        if limits.has_limits
        else Seen(),
        is_of_gaps=False,
    )


def measure_counts(
    kind: AttributeKind,
    taken: tuple[Floats, Floats, Ints, Flags],
    direction: str,
    lengths: tuple[int, int],
    settings: InterruptedSeriesSettings,
) -> Measured:
    """Read counts per size against limits by the size of each week. The scale is the logarithm of the rate.

    ``taken``: counts, sizes, places in time and which weeks lie after the launch.
    """
    counts, sizes, places, post = taken
    parts = (counts[~post], sizes[~post], breaks_between(places[~post]))
    baseline = attribute_baseline(kind, *parts[:2], breaks=parts[2], allow_for_autocorrelation=True)
    centre = baseline.centre_line
    limits = baseline.limits(sizes[post])
    sigma = float(np.nanmedian(baseline.limits(sizes[~post]).sigma)) if baseline.has_limits else float("nan")
    recent = counts[post][-lengths[1] :], sizes[post][-lengths[1] :]
    shift, reach = float("nan"), float("nan")
    if post.any() and centre > 0:
        shift = float(np.log((np.nansum(recent[0]) + _HALF) / (np.nansum(recent[1]) * centre + _HALF)))
        since = attribute_baseline(kind, counts[post], sizes[post], breaks=breaks_between(places[post]))
        rate = rates_of(counts[post], sizes[post], np.ones(int(post.sum()), dtype=bool))
        spread = float(np.nanmedian(since.limits(sizes[post]).sigma)) if since.has_limits else float("nan")
        limit = rate + (3 if direction == "up" else -3) * spread
        reach = float(np.log(limit / centre)) if limit > 0 else float("nan")
    values = counts / sizes
    return Measured(
        effect=counted_step(counts, sizes, places, post, is_share=kind == "p", settings=settings),
        has_limits=baseline.has_limits,
        run_rules_apply=baseline.spread.run_rules_apply,
        sigma=sigma / centre if centre > 0 else float("nan"),
        recent_shift=shift,
        reach=reach,
        seen=_seen(values[post], limits, direction, breaks_between(places[post]), lengths)
        if baseline.has_limits
        else Seen(),
        is_of_gaps=False,
    )


def measure_rare_events(
    taken: tuple[Floats, Floats, Flags],
    chart: RareEventChart,
    until: np.datetime64,
    lengths: tuple[int, int],
    settings: InterruptedSeriesSettings,
) -> Measured:
    """Read rare events: their rate, and the gaps between them up to a day. The scale is the logarithm of the rate.

    ``taken``: counts, sizes and which weeks lie after the launch.
    """
    counts, sizes, post = taken
    effect = rate_step(counts, sizes, post, settings=settings)
    centre = rates_of(counts, sizes, ~post)
    shift = float("nan")
    if post.any() and centre > 0:
        recent = float(np.nansum(counts[post][-lengths[1] :])), float(np.nansum(sizes[post][-lengths[1] :]))
        shift = float(np.log((recent[0] + _HALF) / (recent[1] * centre + _HALF)))
    return Measured(
        effect=effect,
        has_limits=chart.limits.has_limits,
        run_rules_apply=chart.limits.run_rules_apply,
        sigma=float("nan"),
        recent_shift=shift,
        reach=float("nan"),
        seen=_seen_in_gaps(chart, until, lengths),
        is_of_gaps=True,
    )


def _seen(values: Floats, limits: ChartLimits, direction: str, breaks: Flags, lengths: tuple[int, int]) -> Seen:
    if values.size == 0:
        return Seen()
    found = judge_points(values, limits, breaks=breaks)
    good = 1 if direction == "up" else -1
    side = good * found.side
    _, run_length = run_positions(side, breaks)
    in_run = (run_length >= lengths[0]) & limits.run_rules_apply
    return Seen(
        has_good_run=bool((in_run & (side > 0)).any()),
        has_bad_run=bool((in_run & (side < 0)).any()),
        has_bad_outside=bool((found.flags["outside"] & (side < 0)).any()),
        has_recent_good_signal=bool((good * found.signal_side > 0)[-lengths[1] :].any()),
    )


def _seen_in_gaps(chart: RareEventChart, until: np.datetime64, lengths: tuple[int, int]) -> Seen:
    if not chart.limits.has_limits:
        return Seen()
    found, ended, _ = chart.judged_until(until)
    good = 1 if chart.gap_direction == "up" else -1
    side, outside = good * found.side, found.flags["outside"]
    _, run_length = run_positions(side)
    in_run = (run_length >= lengths[0]) & chart.limits.run_rules_apply
    is_good = good * found.signal_side > 0
    is_recent = np.isnat(ended) | (ended >= until - lengths[1] * np.timedelta64(7, "D"))
    return Seen(
        has_good_run=bool(((in_run | outside) & (side > 0)).any()),
        has_bad_run=bool((in_run & (side < 0)).any()),
        has_bad_outside=bool((outside & (side < 0)).any()),
        has_recent_good_signal=bool((is_good & is_recent).any()),
    )
