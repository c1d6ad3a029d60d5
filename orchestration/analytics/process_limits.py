"""Natural process limits of an individuals and moving range (XmR) chart.

Belongs here: centre line, limits, the state of the baseline, and what lag-1 autocorrelation does to the limits.
Does not belong here: the rules that judge points against the limits (:mod:`.process_signals`) and the choice of a
chart for a metric (:mod:`.process_behaviour`).

Sources: D. J. Wheeler, *Making Sense of Data* (2003), for the constants 2.66, 3.268, 3.145 and 3.865; L. S. Nelson,
"Control charts for individual measurements", Journal of Quality Technology 14 (1982), for leaving out moving ranges
above their own limit before the limits are computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Floats

#: Bias correction of a mean range of two points (d2), and of a median range of two points (d4).
_D2, _D4 = 1.128, 0.954
#: Half-width of the limits and upper range limit, in mean moving ranges and in median moving ranges.
_MEAN_FACTORS, _MEDIAN_FACTORS = (2.66, 3.268), (3.145, 3.865)

MIN_POINTS_TRIAL = 6
MIN_POINTS_USABLE = 12
MIN_POINTS_FIRM = 20
_MIN_POINTS_AUTOCORRELATION = 3
#: From this lag-1 autocorrelation on, runs are what the process does by itself and prove nothing.
MAX_AUTOCORRELATION_FOR_RUN_RULES = 0.6


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """The limits computed from one baseline, in the unit of the values given. NaN = cannot be measured or not drawn.

    ``n_baseline`` counts the points used; ``status`` is ``run_chart`` (< 6 points, no limits), ``trial`` (6-11),
    ``usable`` (12-19) or ``firm`` (20 and more). ``moving_range`` is the mean (or median) moving range after screening,
    ``n_screened`` the moving ranges left out of it, ``moving_range_limit`` the upper limit of single moving ranges.
    ``sigma`` is the estimated standard deviation that the limits stand for, widened where they are. ``r1`` is the lag-1
    autocorrelation of the baseline; ``widening`` the factor by which it has widened the limits (1 = not at all).
    """

    n_baseline: int
    status: str
    centre_line: float
    lower_limit: float
    upper_limit: float
    lower_near_limit: float
    upper_near_limit: float
    moving_range: float
    moving_range_limit: float
    sigma: float
    n_screened: int
    r1: float
    widening: float

    @property
    def has_limits(self) -> bool:
        """Whether points can be judged: there is a centre line and a spread."""
        return not np.isnan(self.sigma)

    @property
    def has_width(self) -> bool:
        """Whether the baseline varied at all; limits of width 0 would call every later change a signal."""
        return self.has_limits and self.sigma > 0

    @property
    def run_rules_apply(self) -> bool:
        """Whether runs mean anything, given the autocorrelation allowed for."""
        return self.has_limits and not (self.widening > 1 and self.r1 >= MAX_AUTOCORRELATION_FOR_RUN_RULES)

    @property
    def is_autocorrelated(self) -> bool:
        """Whether ``r1`` is larger than chance gives: above 2 / sqrt(n) in size."""
        return bool(not np.isnan(self.r1) and abs(self.r1) > 2 / np.sqrt(self.n_baseline))


def limits_status(n_points: int) -> str:
    """Return what a baseline of this many points is good for (Health Care Data Guide; NHS Making Data Count)."""
    if n_points < MIN_POINTS_TRIAL:
        return "run_chart"
    if n_points < MIN_POINTS_USABLE:
        return "trial"
    return "usable" if n_points < MIN_POINTS_FIRM else "firm"


def moving_ranges(values: ArrayLike, breaks: ArrayLike | None = None) -> Floats:
    """Return ``|x_i - x_(i-1)|`` per point, NaN for the first, beside a missing value and where ``breaks`` is true.

    ``breaks[i]`` says that point i does not follow point i-1: a phase or a missing period lies between them.
    """
    series = np.asarray(values, dtype=float)
    ranges = np.full(series.shape, np.nan)
    ranges[1:] = np.abs(series[1:] - series[:-1])
    if breaks is not None:
        ranges[np.asarray(breaks, dtype=bool)] = np.nan
    return ranges


def lag1_autocorrelation(values: ArrayLike, breaks: ArrayLike | None = None) -> float:
    """Return the lag-1 autocorrelation of deviations from the mean; NaN under 3 points or for constant values.

    Pairs that do not follow each other (a missing value, a true ``breaks``) are left out of the numerator.
    """
    series = np.asarray(values, dtype=float)
    known = series[np.isfinite(series)]
    if known.size < _MIN_POINTS_AUTOCORRELATION or known.min() == known.max():
        return float("nan")
    deviations = series - _zeros_for_missing(series).sum() / known.size
    products = deviations[1:] * deviations[:-1]
    if breaks is not None:
        products[np.asarray(breaks, dtype=bool)[1:]] = np.nan
    return float(_zeros_for_missing(products).sum() / _zeros_for_missing(deviations**2).sum())


def _zeros_for_missing(values: Floats) -> Floats:
    """Return values whose sum is that of the known ones: what ``np.nansum`` does, for short series at less cost."""
    return np.where(np.isnan(values), 0.0, values)


def natural_process_limits(
    values: ArrayLike,
    *,
    screen: bool = True,
    floor: float | None = None,
    ceiling: float | None = None,
    median: bool = False,
    breaks: ArrayLike | None = None,
    allow_for_autocorrelation: bool = False,
    min_points: int = MIN_POINTS_TRIAL,
) -> ProcessLimits:
    """Compute XmR limits from the points of one baseline.

    Formulas (Wheeler): centre = mean(x); limits = centre -+ 2.66 mean(MR), which is 3 mean(MR) / 1.128; near limits at
    two thirds of that distance; range limit = 3.268 mean(MR). ``median=True`` uses 3.145 and 3.865 times the median MR.

    Parameters
    ----------
    values: one-dimensional, in time order, any unit; NaN = no value in that period. Infinite values raise.
    screen: leave moving ranges above the range limit out once and compute the mean again (Nelson). The median variant
        is robust by itself and is never screened.
    floor, ceiling: bounds that the metric cannot pass. A limit beyond a bound is NaN: it is not drawn and no rule
        uses it.
    breaks: see :func:`moving_ranges`.
    allow_for_autocorrelation: for AR(1) data mean(MR) / 1.128 estimates sigma * sqrt(1 - phi), so for r1 > 0 the
        distances are divided by sqrt(1 - r1), with r1 taken as 0.6 at most. A negative r1 does not narrow them.
    min_points: fewer points give no limits (all NaN, ``status`` says ``run_chart`` under 6).

    Raises ``ValueError`` for input that is not one-dimensional or holds an infinite value.
    """
    series = np.asarray(values, dtype=float)
    if series.ndim != 1:
        raise ValueError(
            f"Limits need a one-dimensional series, not {series.ndim} dimensions; pass one chart at a time."
        )
    if np.isinf(series).any():
        raise ValueError("Limits cannot be computed from infinite values; pass NaN where a period has no value.")
    n_points = int(np.count_nonzero(np.isfinite(series)))
    ranges = moving_ranges(series, breaks)
    ranges = ranges[np.isfinite(ranges)]
    r1 = lag1_autocorrelation(series, breaks)
    nan = float("nan")
    if n_points < min_points or ranges.size == 0:
        return ProcessLimits(n_points, limits_status(n_points), nan, nan, nan, nan, nan, nan, nan, nan, 0, r1, 1.0)

    limit_factor, range_factor = _MEDIAN_FACTORS if median else _MEAN_FACTORS
    typical = float(np.median(ranges) if median else ranges.mean())
    n_screened = 0
    if screen and not median:
        kept = ranges[ranges <= range_factor * typical]
        n_screened = int(ranges.size - kept.size)
        typical = float(kept.mean())

    widening = 1.0
    if allow_for_autocorrelation and r1 > 0:
        widening = float(1 / np.sqrt(1 - min(r1, MAX_AUTOCORRELATION_FOR_RUN_RULES)))
    centre = float(_zeros_for_missing(series).sum() / n_points)
    distance = limit_factor * typical * widening

    def above_floor(limit: float) -> float:
        return nan if floor is not None and limit < floor else limit

    def below_ceiling(limit: float) -> float:
        return nan if ceiling is not None and limit > ceiling else limit

    return ProcessLimits(
        n_baseline=n_points,
        status=limits_status(n_points),
        centre_line=centre,
        lower_limit=above_floor(centre - distance),
        upper_limit=below_ceiling(centre + distance),
        lower_near_limit=above_floor(centre - distance * 2 / 3),
        upper_near_limit=below_ceiling(centre + distance * 2 / 3),
        moving_range=typical,
        moving_range_limit=range_factor * typical,
        sigma=typical / (_D4 if median else _D2) * widening,
        n_screened=n_screened,
        r1=r1,
        widening=widening,
    )
