"""Limits of counts, rates and shares, whose size differs from period to period: p, u and c charts, g and t charts.

Belongs here: centre line and spread of one frozen baseline, plain and with Laney's correction (p', u', c'), the limits
that follow at any size, the test whether counts scatter as a Poisson process does, and the charts of rare events.
Does not belong here: charts of single measurements (:mod:`.process_limits`), the rules that judge points
(:mod:`.process_signals`), and which chart a metric gets (:mod:`.chart_choice`).

Sources: D. C. Montgomery, *Introduction to Statistical Quality Control*, chapter 7, for p, u, c and g; D. B. Laney,
"Improved control charts for attributes", Quality Engineering 14 (2002), for the prime charts; L. S. Nelson, "A control
chart for parts-per-million nonconforming items", Journal of Quality Technology 26 (1994), for the power 1 / 3.6 of t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from orchestration.analytics.process_limits import (
    MIN_POINTS_TRIAL,
    ProcessLimits,
    limits_status,
    natural_process_limits,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Flags, Floats

AttributeKind = Literal["p", "u", "c"]

#: Distance of the limits and of the near limits, in standard deviations.
_LIMIT, _NEAR_LIMIT = 3.0, 2.0
#: Times between events become nearly normal at this power (Nelson 1994).
NELSON_POWER = 1 / 3.6
#: Two-sided level at which counts no longer pass as those of a Poisson process.
DISPERSION_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class PointLimits:
    """The limits of each point, in the unit of the values; NaN = not drawn, or the point has no size.

    ``sigma`` is the standard deviation of the point that the limits stand for, Laney's correction included.
    """

    centre_line: float
    lower_limit: Floats
    upper_limit: Floats
    lower_near_limit: Floats
    upper_near_limit: Floats
    sigma: Floats
    run_rules_apply: bool

    @property
    def has_width(self) -> bool:
        """Whether the baseline varied at all; limits of width 0 would call every later change a signal."""
        return bool((np.nan_to_num(self.sigma) > 0).any())


@dataclass(frozen=True, slots=True)
class AttributeBaseline:
    """What one baseline says: the centre, and how much more (or less) its points scatter than chance alone.

    ``centre_line`` is a share (p), a rate per unit of size (u) or a count (c), NaN without limits. ``sigma_z`` is
    Laney's factor, 1 on a plain chart; ``spread`` holds the moving ranges of the standardised points it comes from,
    with their number, status, autocorrelation and widening.
    """

    kind: AttributeKind
    centre_line: float
    sigma_z: float
    spread: ProcessLimits

    @property
    def has_limits(self) -> bool:
        """Whether points can be judged."""
        return not np.isnan(self.centre_line)

    def limits(self, sizes: ArrayLike) -> PointLimits:
        """Return the limits at each size: ``centre -+ 3 s_i sigma_z``, near limits at 2.

        ``sizes``: items per period (p), area of opportunity (u); for c only the number of entries counts. A size that
        is missing or 0 has no limits. Limits below 0, for a share also above 1, are NaN: no point can pass them.
        """
        size = _sizes(sizes)
        sigma = _standard_deviations(self.kind, self.centre_line, size) * self.sigma_z
        ceiling = 1.0 if self.kind == "p" else np.inf

        def within(limit: Floats) -> Floats:
            return np.where((limit < 0) | (limit > ceiling), np.nan, limit)

        return PointLimits(
            centre_line=self.centre_line,
            lower_limit=within(self.centre_line - _LIMIT * sigma),
            upper_limit=within(self.centre_line + _LIMIT * sigma),
            lower_near_limit=within(self.centre_line - _NEAR_LIMIT * sigma),
            upper_near_limit=within(self.centre_line + _NEAR_LIMIT * sigma),
            sigma=sigma,
            run_rules_apply=self.spread.run_rules_apply,
        )


@dataclass(frozen=True, slots=True)
class DispersionTest:
    """Do counts scatter as a Poisson process does? NaN where it cannot be tested (fewer than 2 counts, or all 0)."""

    n: int
    statistic: float
    degrees_of_freedom: int
    p_value: float

    @property
    def is_poisson(self) -> bool:
        """Whether the counts pass; false where it cannot be tested."""
        return self.p_value >= DISPERSION_LEVEL


@dataclass(frozen=True, slots=True)
class RareEventLimits:
    """The limits of a g or t chart, in items or in time between events.

    ``centre_line`` is what the run rules count from: the median (g), or the mean of the transformed times (t).
    ``lower_limit`` is for drawing and 0 or more, NaN on a g chart.
    """

    n_baseline: int
    status: str
    centre_line: float
    lower_limit: float
    upper_limit: float


def attribute_values(counts: ArrayLike, sizes: ArrayLike) -> Floats:
    """Return the plotted values ``count / size``; NaN where a count is missing or a size is missing or 0."""
    count, size = np.asarray(counts, dtype=float), _sizes(sizes)
    return count / size


def attribute_baseline(
    kind: AttributeKind,
    counts: ArrayLike,
    sizes: ArrayLike | None = None,
    *,
    prime: bool = True,
    screen: bool = True,
    breaks: ArrayLike | None = None,
    allow_for_autocorrelation: bool = False,
    min_points: int = MIN_POINTS_TRIAL,
) -> AttributeBaseline:
    """Compute the centre line and Laney's factor from the points of one baseline.

    Formulas: centre = sum(x) / sum(n); s_i = sqrt(centre (1 - centre) / n_i) for p, sqrt(centre / n_i) for u,
    sqrt(centre) for c. z_i = (x_i / n_i - centre) / s_i; sigma_z = mean |z_i - z_(i-1)| / 1.128 (Laney). The prime
    charts reduce to the plain ones where sigma_z is 1.

    Parameters
    ----------
    kind: ``p`` for a share of items, ``u`` for a count per area of opportunity, ``c`` for a count per period.
    counts, sizes: one-dimensional, in time order. NaN = no value; a size of 0 is no value either. ``c`` has no sizes.
    prime: False gives sigma_z = 1.
    screen, breaks, allow_for_autocorrelation: as in :func:`.process_limits.natural_process_limits`, on the z_i.
    min_points: fewer points give no limits.

    Raises ``ValueError`` where sizes are missing, negative or infinite, a count is negative or, on a p chart, larger
    than its size.
    """
    count = np.asarray(counts, dtype=float)
    if kind == "c":
        size = np.ones(count.shape)
    elif sizes is None:
        raise ValueError(f"A {kind} chart needs the size of each period; pass the items or the area of opportunity.")
    else:
        size = _sizes(sizes)
    if count.shape != size.shape or count.ndim != 1:
        raise ValueError("Counts and sizes must be one-dimensional and equally long; pass one chart at a time.")
    if np.isinf(count).any() or (count < 0).any():
        raise ValueError("A count is negative or infinite; pass NaN where a period has no value.")
    if kind == "p" and (count > size).any():
        raise ValueError("A count is larger than its size, so it is no share; use a u chart.")

    known = np.isfinite(count) & np.isfinite(size)
    n_points = int(known.sum())
    centre = float(count[known].sum() / size[known].sum()) if n_points >= max(min_points, 1) else float("nan")
    deviations = np.where(known, count / size - centre, np.nan)
    sigma = _standard_deviations(kind, centre, size)
    # A baseline of only zeros (or of whole shares) has no spread at all; its points are then all alike.
    scores = np.divide(deviations, sigma, out=np.where(known, 0.0, np.nan), where=sigma > 0)
    spread = natural_process_limits(
        scores,
        screen=screen,
        breaks=breaks,
        allow_for_autocorrelation=allow_for_autocorrelation,
        min_points=min_points,
    )
    if prime and not spread.has_limits:
        centre = float("nan")
    return AttributeBaseline(kind, centre, spread.sigma if prime else 1.0, spread)


def dispersion_test(counts: ArrayLike) -> DispersionTest:
    """Test whether counts of periods of equal size scatter as a Poisson process does (two-sided, level 5 %).

    Formula: sum (x - mean)^2 / mean against chi-squared with n - 1 degrees of freedom. A c chart needs a pass; without
    one a c' chart allows for the scatter. NaN counts are left out.
    """
    count = np.asarray(counts, dtype=float)
    count = count[np.isfinite(count)]
    if count.size < 2 or count.sum() == 0:  # noqa: PLR2004 - no scatter without two
        return DispersionTest(int(count.size), float("nan"), max(int(count.size) - 1, 0), float("nan"))
    statistic = float(((count - count.mean()) ** 2).sum() / count.mean())
    degrees = int(count.size) - 1
    tail = min(stats.chi2.sf(statistic, degrees), stats.chi2.cdf(statistic, degrees))
    return DispersionTest(int(count.size), statistic, degrees, float(min(1.0, 2 * tail)))


def g_chart_limits(items_between: ArrayLike, *, min_points: int = MIN_POINTS_TRIAL) -> RareEventLimits:
    """Compute the limits of the numbers of items between events (0 and up), oldest first; NaN is left out.

    Formulas: centre = median, as half of the points should lie on each side; upper limit = m + 3 sqrt(m (m + 1)) with
    the mean m (geometric distribution). Raises ``ValueError`` for negative or infinite numbers.
    """
    between = np.asarray(items_between, dtype=float)
    if np.isinf(between).any() or (between < 0).any():
        raise ValueError("Items between events are 0 or more; an event cannot come before the one before it.")
    between = between[np.isfinite(between)]
    n_points, nan = int(between.size), float("nan")
    if n_points < max(min_points, 1):
        return RareEventLimits(n_points, limits_status(n_points), nan, nan, nan)
    mean = float(between.mean())
    upper = mean + _LIMIT * float(np.sqrt(mean * (mean + 1)))
    return RareEventLimits(n_points, limits_status(n_points), float(np.median(between)), nan, upper)


def t_chart_limits(time_between: ArrayLike, *, min_points: int = MIN_POINTS_TRIAL) -> RareEventLimits:
    """Compute the limits of the times between events, oldest first, in any unit; NaN is left out.

    Formula (Nelson 1994): XmR limits of y = t^(1/3.6), unscreened, raised to 3.6 again; a lower limit below 0 is 0.
    Raises ``ValueError`` for a time of 0 or less: give events of one day their hour, or count items between (g chart).
    """
    between = np.asarray(time_between, dtype=float)
    if (between <= 0).any():
        raise ValueError("Times between events must be above 0; use finer times or count the items between (g chart).")
    limits = natural_process_limits(between**NELSON_POWER, screen=False, min_points=min_points)
    centre, distance = limits.centre_line, _LIMIT * limits.sigma
    lower, middle, upper = np.maximum([centre - distance, centre, centre + distance], 0.0) ** (1 / NELSON_POWER)
    return RareEventLimits(limits.n_baseline, limits.status, float(middle), float(lower), float(upper))


def _sizes(sizes: ArrayLike) -> Floats:
    """Return sizes as numbers, NaN for 0."""
    size = np.asarray(sizes, dtype=float)
    if np.isinf(size).any() or (size < 0).any():
        raise ValueError("A size is negative or infinite; pass NaN where a period has no value.")
    return np.where(size == 0, np.nan, size)


def _standard_deviations(kind: AttributeKind, centre: float, size: Floats) -> Floats:
    """Return what chance alone makes of the centre at each size."""
    variance = centre * (1 - centre) if kind == "p" else centre
    known: Flags = np.isfinite(size)
    return np.sqrt(np.where(known, variance / (size if kind != "c" else np.ones(size.shape)), np.nan))
