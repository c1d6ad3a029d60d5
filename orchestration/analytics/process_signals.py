"""Run rules: which points of a process behaviour chart are signals of a change.

Belongs here: the four rules of NHS England's Making Data Count programme on a series and its limits, the two that a
message goes out on, and the run chart's test where there are no limits. The windows of other rule sets (Western
Electric, Nelson, Wheeler) are runs and counts in a window, which are here too.
Does not belong here: computing the limits (:mod:`.process_limits`) and deciding what a chart shows
(:mod:`.process_behaviour`). A signal is a reason to look, not a verdict: on an unchanged process with a baseline of 12
points, about a third of charts show at least one within 13 new points.

Sources: NHS England, *Making Data Count*, as computed by NHSRplotthedots 0.2.2; C. W. Champ and W. H. Woodall, "Exact
results for Shewhart control charts with supplementary runs rules", Technometrics 29 (1987), for the run of eight;
J. Anhoej, "Diagnostic value of run chart analysis", PLoS ONE 10 (2015), for run charts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Flags, Floats, Ints

SHIFT_LENGTH = 7
TREND_LENGTH = 7
#: Two of three: the length of the window and how many of its points lie near a limit.
_WINDOW_LENGTH, _MIN_NEAR = 3, 2

#: Rules by precedence of the label: a point under several rules carries the first.
RULES = ("outside", "trend", "two_of_three", "shift")

SIGNAL_COLUMNS = (
    "side",
    "is_outside",
    "is_trend",
    "is_two_of_three",
    "is_shift",
    "signal_rule",
    "signal_side",
    "signal_direction",
)

#: A message goes out on a run this long, or on this many of the last points outside.
ALERT_RUN_LENGTH = 8
ALERT_OUTSIDE, ALERT_WINDOW = 2, 3
ALERT_RULES = ("outside_two_of_three", "eight_run")
ALERT_COLUMNS = ("alert_rule", "alert_side", "alert_direction")

#: Crossings of the median fewer than this quantile of chance are too few.
_CROSSINGS_QUANTILE = 0.05

#: Rounding allowed for when a value is compared with a line, relative to their size: a constant series must lie on
#: its own mean, although the mean of equal floating point numbers may differ from them in the last digit.
_RELATIVE_ROUNDING = 1e-12


class ChartLimits(Protocol):
    """What the rules need of limits; each is one number for the chart, or one number per point."""

    @property
    def centre_line(self) -> float: ...  # noqa: D102
    @property
    def lower_limit(self) -> float | Floats: ...  # noqa: D102
    @property
    def upper_limit(self) -> float | Floats: ...  # noqa: D102
    @property
    def lower_near_limit(self) -> float | Floats: ...  # noqa: D102
    @property
    def upper_near_limit(self) -> float | Floats: ...  # noqa: D102
    @property
    def has_width(self) -> bool: ...  # noqa: D102
    @property
    def run_rules_apply(self) -> bool: ...  # noqa: D102


def sign_of_difference(values: Floats, line: float | Floats) -> Ints:
    """Return -1, 0 or 1 per value against a line (or against its own line); 0 too where either is NaN."""
    difference = values - line
    tolerance = _RELATIVE_ROUNDING * np.maximum(np.abs(values), np.abs(line))
    sign = np.where(np.abs(difference) <= tolerance, 0.0, np.sign(difference))
    return np.nan_to_num(sign, nan=0.0).astype(np.int64)


def run_positions(signs: ArrayLike, breaks: ArrayLike | None = None) -> tuple[Ints, Ints]:
    """Return, per point, its place in its run of equal sign (1 = first) and the length of that run.

    A sign of 0 ends a run and belongs to none: both are 0 there. ``breaks[i]`` starts a new run at point i.
    """
    sign = np.asarray(signs, dtype=np.int64)
    if sign.size == 0:
        return sign.copy(), sign.copy()
    starts = np.ones(sign.size, dtype=bool)
    starts[1:] = sign[1:] != sign[:-1]
    if breaks is not None:
        starts |= np.asarray(breaks, dtype=bool)
    run = np.cumsum(starts) - 1
    position = np.arange(sign.size) - np.flatnonzero(starts)[run] + 1
    length = np.bincount(run)[run]
    return np.where(sign == 0, 0, position), np.where(sign == 0, 0, length)


def steps(values: ArrayLike, breaks: ArrayLike | None = None) -> Ints:
    """Return per point whether it lies above (1) or below (-1) the point before; 0 for a tie, a gap and the first."""
    series = np.asarray(values, dtype=float)
    step = np.zeros(series.size, dtype=np.int64)
    step[1:] = np.nan_to_num(np.sign(np.diff(series)), nan=0.0).astype(np.int64)
    if breaks is not None:
        step[np.asarray(breaks, dtype=bool)] = 0
    return step


def two_of_three_windows(is_near_limit: ArrayLike, sides: ArrayLike, breaks: ArrayLike | None = None) -> Flags:
    """Return the points lying in a window of three on one side of the centre of which two or more are near a limit."""
    near, side = np.asarray(is_near_limit, dtype=bool), np.asarray(sides, dtype=np.int64)
    flagged = np.zeros(side.size, dtype=bool)
    if side.size < _WINDOW_LENGTH:
        return flagged
    broken = np.zeros(side.size, dtype=bool) if breaks is None else np.asarray(breaks, dtype=bool)
    same_side = (side[2:] != 0) & (side[2:] == side[1:-1]) & (side[1:-1] == side[:-2])
    n_near = near[2:].astype(np.int64) + near[1:-1] + near[:-2]
    hit = same_side & (n_near >= _MIN_NEAR) & ~broken[2:] & ~broken[1:-1]
    for offset in range(_WINDOW_LENGTH):
        flagged[offset : offset + hit.size] |= hit
    return flagged


def same_side_in_window(sides: ArrayLike, at_least: int, window: int, breaks: ArrayLike | None = None) -> Flags:
    """Return the points at which ``at_least`` of the last ``window`` points lie beyond a line on the point's own side.

    ``sides`` is 1 or -1 beyond the line and 0 elsewhere; a point at 0 is never flagged. No window reaches back over a
    break. Two of three beyond 2 sigma and four of five beyond 1 sigma (Western Electric) and three of four beyond
    1.5 sigma (Wheeler) are this rule.
    """
    side = np.asarray(sides, dtype=np.int64)
    broken = np.zeros(side.size, dtype=bool) if breaks is None else np.asarray(breaks, dtype=bool)
    run = np.cumsum(broken)
    n_beyond = np.zeros(side.size, dtype=np.int64)
    for lag in range(min(window, side.size)):
        now = slice(lag, None)
        before = slice(None, side.size - lag)
        n_beyond[now] += (side[now] == side[before]) & (run[now] == run[before])
    flagged: Flags = (n_beyond >= at_least) & (side != 0)
    return flagged


def _trend_sides(values: Floats, breaks: Flags) -> Ints:
    """Return 1 or -1 for every point of a run of 7 rising or falling points, else 0.

    A turning point that belongs to two such runs carries the sign of the one that ends there.
    """
    step = steps(values, breaks)
    # A break already makes its step 0, which ends the run of steps.
    _, length = run_positions(step)
    ends_here = np.where(length >= TREND_LENGTH - 1, step, 0)
    starts_here = np.zeros_like(ends_here)
    starts_here[:-1] = ends_here[1:]
    return np.where(ends_here != 0, ends_here, starts_here)


def _check_direction(desired_direction: str | None) -> None:
    if desired_direction not in ("up", "down", None):
        raise ValueError(f"The desired direction is '{desired_direction}'; give 'up', 'down' or None.")


def _parted(values: ArrayLike, breaks: ArrayLike | None) -> tuple[Floats, Flags]:
    """Return the series, and where a run ends: at a break and at a missing value."""
    series = np.asarray(values, dtype=float)
    missing: Flags = np.isnan(series)
    return series, missing if breaks is None else np.asarray(breaks, dtype=bool) | missing


def _outside(series: Floats, limits: ChartLimits) -> Flags:
    above = sign_of_difference(series, limits.upper_limit) > 0
    below = sign_of_difference(series, limits.lower_limit) < 0
    return (above | below) & limits.has_width


@dataclass(frozen=True, slots=True)
class PointSignals:
    """What the rules say of each point of a series, without the words for it; arrays of one length.

    ``side`` of the centre line and ``trend_side`` (rising or falling) are 1, -1 or 0 for neither. ``flags`` says by the
    names of ``RULES`` which points break each rule.
    """

    side: Ints
    trend_side: Ints
    flags: Mapping[str, Flags]

    @property
    def signal_side(self) -> Ints:
        """The side that the first rule that holds says something of, 0 where none holds."""
        outside, trend, two_of_three, shift = (self.flags[rule] for rule in RULES)
        return np.select([outside, trend, two_of_three | shift], [self.side, self.trend_side, self.side], default=0)


def judge_points(values: ArrayLike, limits: ChartLimits, *, breaks: ArrayLike | None = None) -> PointSignals:
    """Judge each point of a series against limits; rules and parameters as in :func:`detect_signals`."""
    series, broken = _parted(values, breaks)
    side = sign_of_difference(series, limits.centre_line)
    trend_side = np.where(limits.run_rules_apply, _trend_sides(series, broken), 0)
    outside = _outside(series, limits)
    near = (sign_of_difference(series, limits.upper_near_limit) > 0) | (
        sign_of_difference(series, limits.lower_near_limit) < 0
    )
    near &= ~outside & limits.has_width
    runs = limits.run_rules_apply
    _, run_length = run_positions(side, broken)
    flags = {
        "outside": outside,
        "trend": trend_side != 0,
        "two_of_three": two_of_three_windows(near, side, broken) & near & runs,
        "shift": (run_length >= SHIFT_LENGTH) & runs,
    }
    return PointSignals(side, trend_side, flags)


def detect_signals(
    values: ArrayLike,
    limits: ChartLimits,
    *,
    desired_direction: str | None = None,
    breaks: ArrayLike | None = None,
) -> pd.DataFrame:
    """Judge each point of a series against limits with the Making Data Count rules.

    outside: beyond the lower or upper limit. shift: 7 or more consecutive points on one side of the centre line; a
    point on the line ends the run. trend: 7 or more consecutive points strictly rising or falling; a tie ends it.
    two of three: in 3 consecutive points on one side, 2 or more lie between the near limit and the limit. Shift and
    trend flag every point of the run, two of three only the points near the limit.

    Parameters
    ----------
    values: one-dimensional, in time order, in the unit of ``limits``; NaN (missing period) ends every run.
    limits: from :func:`orchestration.analytics.process_limits.natural_process_limits`, or of a chart whose limits
        differ by point (:class:`orchestration.analytics.attribute_charts.PointLimits`). Limits that are NaN take no
        part; limits without width switch off the rules that need them; strong autocorrelation leaves only ``outside``.
    desired_direction: ``up``, ``down`` or None for a metric that is neither good nor bad.
    breaks: true where a point does not follow the one before it (a phase boundary, a missing period); no window
        crosses it.

    Returns one row per value with ``SIGNAL_COLUMNS``: ``side`` of the centre line (-1, 0, 1), one flag per rule, and
    ``signal_rule`` (first of outside, trend, two_of_three, shift; else missing), ``signal_side`` (``high`` or ``low``;
    for a trend: rising or falling) and ``signal_direction`` (``improvement``, ``concern``; ``high``, ``low`` when
    neutral). Raises ``ValueError`` for another direction.
    """
    _check_direction(desired_direction)
    found = judge_points(values, limits, breaks=breaks)
    signal_side = found.signal_side
    improving = signal_side * (-1 if desired_direction == "down" else 1)
    words = ("high", "low") if desired_direction is None else ("improvement", "concern")
    return pd.DataFrame(
        {
            "side": found.side,
            **{f"is_{rule}": found.flags[rule] for rule in RULES},
            "signal_rule": first_word_that_holds([found.flags[rule] for rule in RULES], RULES),
            "signal_side": first_word_that_holds([signal_side > 0, signal_side < 0], ("high", "low")),
            "signal_direction": first_word_that_holds([improving > 0, improving < 0], words),
        },
        columns=list(SIGNAL_COLUMNS),
    )


def detect_alerts(
    values: ArrayLike,
    limits: ChartLimits,
    *,
    desired_direction: str | None = None,
    breaks: ArrayLike | None = None,
) -> pd.DataFrame:
    """Say at which points a chart is worth a message, which is less often than it shows a signal.

    eight_run: the eighth and each later consecutive point on one side of the centre line. outside_two_of_three: a point
    outside a limit of which one or both of the two before lie outside the same limit. A single point outside, and the
    other rules, stay on the chart. Nothing later changes an alert.

    Parameters as in :func:`detect_signals`. Returns one row per value with ``ALERT_COLUMNS``: ``alert_rule`` (the first
    of outside_two_of_three, eight_run; else missing), ``alert_side`` (``high``, ``low``) and ``alert_direction``.
    """
    _check_direction(desired_direction)
    series, broken = _parted(values, breaks)
    side = sign_of_difference(series, limits.centre_line)
    outside = np.where(_outside(series, limits), side, 0)
    position, _ = run_positions(side, broken)
    rules = [
        same_side_in_window(outside, ALERT_OUTSIDE, ALERT_WINDOW, broken),
        (position >= ALERT_RUN_LENGTH) & limits.run_rules_apply,
    ]
    alerted = np.where(rules[0] | rules[1], side, 0)
    improving = alerted * (-1 if desired_direction == "down" else 1)
    words = ("high", "low") if desired_direction is None else ("improvement", "concern")
    return pd.DataFrame(
        {
            "alert_rule": first_word_that_holds(rules, ALERT_RULES),
            "alert_side": first_word_that_holds([alerted > 0, alerted < 0], ("high", "low")),
            "alert_direction": first_word_that_holds([improving > 0, improving < 0], words),
        },
        columns=list(ALERT_COLUMNS),
    )


@dataclass(frozen=True, slots=True)
class RunChartTest:
    """Anhoej's two rules on a series without limits: is the longest run too long, are the crossings too few?

    ``n_useful`` counts the points off the median; with none, the limits are 0 and there is no signal.
    """

    n_useful: int
    longest_run: int
    longest_run_limit: int
    n_crossings: int
    n_crossings_limit: int

    @property
    def is_signal(self) -> bool:
        """Whether the process has shifted, by either rule."""
        return self.longest_run > self.longest_run_limit or self.n_crossings < self.n_crossings_limit


def run_chart_test(values: ArrayLike, *, centre: float | None = None) -> RunChartTest:
    """Judge a series about its median (or the ``centre`` given) with Anhoej's rules; NaN is left out.

    Formulas: the longest run may be round(log2(n)) + 3 points long, the crossings may be as few as the 5 % quantile of
    a binomial of n - 1 trials with odds of one half; n are the points off the median.
    """
    series = np.asarray(values, dtype=float)
    series = series[np.isfinite(series)]
    middle = float(np.median(series)) if centre is None and series.size else centre
    sides = sign_of_difference(series, float("nan") if middle is None else middle)
    sides = sides[sides != 0]
    if not sides.size:
        return RunChartTest(0, 0, 0, 0, 0)
    position, _ = run_positions(sides)
    return RunChartTest(
        n_useful=int(sides.size),
        longest_run=int(position.max()),
        longest_run_limit=round(np.log2(sides.size)) + 3,
        n_crossings=int((np.diff(sides) != 0).sum()),
        n_crossings_limit=int(stats.binom.ppf(_CROSSINGS_QUANTILE, sides.size - 1, 0.5)),
    )


def first_word_that_holds(conditions: Sequence[Flags], words: Sequence[str]) -> pd.Series[str]:
    """Return per row the word of the first condition that holds, missing where none does.

    ``conditions`` are boolean arrays of one length, ``words`` as many non-empty texts.
    """
    choices = [np.array(word, dtype=object) for word in words]
    return pd.Series(np.select(list(conditions), choices, default=np.array(None, dtype=object)), dtype="str")
