"""The step that an intervention made in counts per week, or in counts per size, by quasi-Poisson regression.

Belongs here: the regression of counts with an exposure on a launch. Does not belong here: single measurements
(:mod:`.interrupted_series`), counts that are too rare for it (:mod:`.rate_step`), and any verdict.

Source: J. Lopez Bernal, S. Cummins, A. Gasparrini, "Interrupted time series regression for the evaluation of public
health interventions", International Journal of Epidemiology 46 (2017), doi 10.1093/ije/dyw098: Poisson regression with
the logarithm of the exposure as offset and the scale estimated by Pearson's chi-squared. For a share of a known number
this is the ratio of shares (G. Zou, American Journal of Epidemiology 159 (2004)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student_t

from orchestration.analytics.process_limits import lag1_autocorrelation
from orchestration.analytics.series_minima import DEFAULT_SETTINGS, InterruptedSeriesSettings, too_short_reason

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Flags, Floats, Ints

METHOD_VERSION = "count_step-1"

_MAX_ITERATIONS, _CONVERGED = 50, 1e-10


@dataclass(frozen=True, slots=True)
class CountStep:
    """The step as the logarithm of the ratio of two rates, or why there is none (NaN and ``withheld_reason``).

    ``dispersion`` is how much more than chance alone the counts scatter, never below what chance gives (1 for counts,
    1 - share for shares). ``phi`` is the lag-1 autocorrelation of the residuals; where it is larger than chance gives,
    it widens the interval.
    """

    n_baseline: int
    n_post: int
    n_events_baseline: float
    n_events_post: float
    size_per_week: float
    has_trend: bool
    effect: float
    standard_error: float
    p_value: float
    dispersion: float
    phi: float
    degrees_of_freedom: float
    baseline_level: float
    withheld_reason: str | None
    has_slope_change: bool = False
    method_version: str = METHOD_VERSION

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the bounds of the effect; NaN where it is withheld."""
        if self.withheld_reason is not None:
            return float("nan"), float("nan")
        reach = float(student_t.ppf((1 + confidence) / 2, self.degrees_of_freedom)) * self.standard_error
        return self.effect - reach, self.effect + reach

    def standard_error_ahead(self, n_post: int) -> tuple[float, float]:
        """Return standard error and degrees of freedom with so many weeks after the launch, at the rate found there."""
        if self.withheld_reason is not None:
            raise ValueError("A withheld effect says nothing on later ones; check withheld_reason first.")
        expected = self.baseline_level * np.exp(self.effect) * self.size_per_week * n_post
        variance = self.dispersion * (1 / self.n_events_baseline + 1 / expected) * _widening(self.phi, self.n_weeks)
        return float(np.sqrt(variance)), float(max(self.n_baseline + n_post - 2, 2))

    @property
    def n_weeks(self) -> int:
        """Weeks on both sides."""
        return self.n_baseline + self.n_post


def count_step(
    counts: ArrayLike,
    sizes: ArrayLike,
    weeks: ArrayLike,
    is_post: ArrayLike,
    *,
    is_share: bool = False,
    settings: InterruptedSeriesSettings = DEFAULT_SETTINGS,
) -> CountStep:
    """Estimate by what factor the rate changed with the launch.

    Columns: 1, post, and the week where the baseline alone had a trend (26 weeks and |t| > 2), as for measurements.

    Parameters
    ----------
    counts, sizes: (n,) events and what they could have happened on (1 for a week, else items or deployments); a week
        without either takes no part.
    weeks: (n,) whole numbers, the place of each week in time.
    is_post: (n,) true after the launch.
    is_share: whether each count is part of its size; chance alone then scatters less than Poisson's.

    Raises ``ValueError`` for a negative or infinite count.
    """
    count, size = np.asarray(counts, dtype=float), np.asarray(sizes, dtype=float)
    places, post = np.asarray(weeks, dtype=np.int64), np.asarray(is_post, dtype=bool)
    if np.isinf(count).any() or (count < 0).any():
        raise ValueError("A count is negative or infinite; pass NaN where a week has no value.")
    kept = np.isfinite(count) & np.isfinite(size) & (size > 0)
    count, size, places, post = count[kept], size[kept], places[kept], post[kept]
    n_post = int(post.sum())
    n_baseline = int(count.size - n_post)
    events = float(count[~post].sum()), float(count[post].sum())
    reason = too_short_reason(n_baseline, n_post, settings)
    if reason is None and min(events) == 0:
        when = "before" if events[0] == 0 else "after"
        reason = f"no event {when} the launch, so there is no ratio of rates to estimate from the weeks"
    if reason is not None:
        nan = float("nan")
        return CountStep(
            n_baseline, n_post, *events, nan, False, nan, nan, nan, nan, nan, nan, nan, reason  # noqa: FBT003
        )  # fmt: skip
    has_trend = n_baseline >= settings.min_weeks_trend and _has_trend(
        count[~post], size[~post], places[~post], settings, is_share=is_share
    )
    columns = [np.ones(count.size), post.astype(float)]
    if has_trend:
        columns.append(places - places[~post].mean())
    fit = _fit(count, size, np.column_stack(columns), is_share=is_share)
    error = float(np.sqrt(fit.covariance[1, 1]))
    effect, degrees = float(fit.coefficients[1]), float(count.size - len(columns))
    trend = float(fit.coefficients[2]) * float(places[post].mean() - places[~post].mean()) if has_trend else 0.0
    return CountStep(
        n_baseline=n_baseline,
        n_post=n_post,
        n_events_baseline=events[0],
        n_events_post=events[1],
        size_per_week=float(size[post].mean()),
        has_trend=has_trend,
        effect=effect,
        standard_error=error,
        p_value=float(2 * student_t.sf(abs(effect) / error, degrees)),
        dispersion=fit.dispersion,
        phi=fit.phi,
        degrees_of_freedom=degrees,
        baseline_level=float(np.exp(fit.coefficients[0] + trend)),
        withheld_reason=None,
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    coefficients: Floats
    covariance: Floats
    dispersion: float
    phi: float


def _fit(count: Floats, size: Floats, design: Floats, *, is_share: bool) -> _Fit:
    """Fit by iteratively reweighted least squares; the covariance has the scale and the autocorrelation in it."""
    coefficients: Floats = np.zeros(design.shape[1])
    coefficients[0] = np.log(count.sum() / size.sum())
    for _ in range(_MAX_ITERATIONS):
        mean = size * np.exp(design @ coefficients)
        working = design @ coefficients + (count - mean) / mean
        weighted = design * mean[:, None]
        update = np.asarray(np.linalg.solve(design.T @ weighted, weighted.T @ working), dtype=np.float64)
        step = float(np.abs(update - coefficients).max())
        coefficients = update
        if step < _CONVERGED:
            break
    mean = size * np.exp(design @ coefficients)
    residuals = (count - mean) / np.sqrt(mean)
    degrees = max(count.size - design.shape[1], 1)
    by_chance = 1 - float(count.sum() / size.sum()) if is_share else 1.0
    dispersion = max(float((residuals**2).sum()) / degrees, by_chance)
    # What is left of a perfect fit is rounding, which says nothing of the weeks.
    varies = float((residuals**2).mean()) > _CONVERGED
    phi = lag1_autocorrelation(residuals) if varies else float("nan")
    covariance = np.linalg.inv(design.T @ (design * mean[:, None])) * dispersion * _widening(phi, count.size)
    return _Fit(coefficients, covariance, dispersion, phi)


def _widening(phi: float, n_weeks: int) -> float:
    """Return by what an autocorrelation beyond chance (2 / sqrt(n)) widens the variance of a mean; 1 otherwise."""
    return float((1 + phi) / (1 - phi)) if phi > 2 / np.sqrt(n_weeks) else 1.0


def _has_trend(
    count: Floats, size: Floats, weeks: Ints, settings: InterruptedSeriesSettings, *, is_share: bool
) -> bool:
    """Whether the baseline by itself rises or falls, so that later weeks cannot change the answer."""
    fit = _fit(count, size, np.column_stack([np.ones(weeks.size), weeks - weeks.mean()]), is_share=is_share)
    return bool(abs(fit.coefficients[1]) > settings.min_trend_t * np.sqrt(fit.covariance[1, 1]))


def rates_of(counts: Floats, sizes: Floats, chosen: Flags) -> float:
    """Return events over size in the chosen weeks; NaN without any size."""
    size = float(np.nansum(sizes[chosen]))
    return float(np.nansum(counts[chosen])) / size if size > 0 else float("nan")
