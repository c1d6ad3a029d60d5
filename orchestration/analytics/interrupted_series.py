"""The step that an intervention made in a weekly series, with an interval that allows for autocorrelation.

Belongs here: the regression of one series on its launch. Does not belong here: counts and shares
(:mod:`.count_step`), the table of all effects (:mod:`.intervention_effects`), how a regression with autoregressive
errors is computed (:mod:`.ar1_regression`), comparison with other value streams (:mod:`.controlled_effect`), with
single items (:mod:`.item_level_effect`), and any verdict (:mod:`.intervention_verdict`).

Source: restricted maximum likelihood for interrupted series: S. L. Turner et al., BMC Medical Research Methodology 21
(2021), doi 10.1186/s12874-021-01364-0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.ar1_regression import Ar1Fit, fit_ar1, standard_errors_ahead
from orchestration.analytics.series_minima import DEFAULT_SETTINGS, InterruptedSeriesSettings, too_short_reason

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Flags, Floats, Ints

METHOD_VERSION = "interrupted_series-1"


@dataclass(frozen=True, slots=True)
class StepEffect:
    """The step of one series in the unit of the values given, or why there is none (NaN and ``withheld_reason``).

    ``effect`` is the mean over the weeks after the launch of what they differ by from the baseline (continued with its
    trend where it had one). ``slope_change`` is how much that difference grows per week. ``phi`` is the
    autocorrelation of the errors, ``innovation_variance`` that of its innovations.
    """

    n_baseline: int
    n_post: int
    has_trend: bool
    has_slope_change: bool
    fit: Ar1Fit | None
    effect: float
    standard_error: float
    p_value: float
    phi: float
    degrees_of_freedom: float
    innovation_variance: float
    baseline_level: float
    withheld_reason: str | None

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the bounds of the interval of the effect; NaN where it is withheld."""
        if self.fit is None:
            return float("nan"), float("nan")
        lower, upper = self.fit.interval(1, confidence)
        return float(lower[0]), float(upper[0])

    def standard_error_ahead(self, n_post: int) -> tuple[float, float]:
        """Return the standard error and degrees of freedom that the step would have with ``n_post`` weeks after it.

        Level and step only, weeks without gaps, the autocorrelation and variance found so far. Raises ``ValueError``
        for a withheld effect.
        """
        if self.fit is None:
            raise ValueError("A withheld effect says nothing on later ones; check withheld_reason first.")
        post = np.arange(self.n_baseline + n_post) >= self.n_baseline
        design = _design(np.arange(post.size), post, has_trend=False, has_slope_change=False)
        errors, degrees = standard_errors_ahead(design, self.phi, self.innovation_variance)
        return float(errors[1]), degrees

    @property
    def method_version(self) -> str:
        """The version of the method."""
        return METHOD_VERSION


def step_effect(
    values: ArrayLike,
    weeks: ArrayLike,
    is_post: ArrayLike,
    *,
    settings: InterruptedSeriesSettings = DEFAULT_SETTINGS,
    phi: float | None = None,
) -> StepEffect:
    """Estimate what changed with the launch in one series.

    Columns: 1, post, with at least 26 weeks on either side also (week - mean post week) post, and the week itself
    where the baseline alone had a trend. The slope is centred on the post weeks, so the step stays the mean difference
    after the launch whether a slope is estimated or not.

    Parameters
    ----------
    values: (n,) in time order, on the scale of the chart (the logarithm for durations); NaN = week without a value.
    weeks: (n,) whole numbers, the place of each week in time.
    is_post: (n,) true after the launch, false in the baseline. Weeks of neither (transition) are not passed.
    phi: held at this value in place of estimating it.

    Raises ``ValueError`` for an infinite value or weeks that do not rise.
    """
    series, places, post = (
        np.asarray(values, dtype=float),
        np.asarray(weeks, dtype=np.int64),
        np.asarray(is_post, dtype=bool),
    )
    if np.isinf(series).any():
        raise ValueError("A step cannot be estimated from infinite values; pass NaN where a week has no value.")
    kept = np.isfinite(series)
    series, places, post = series[kept], places[kept], post[kept]
    n_post = int(post.sum())
    n_baseline = int(series.size - n_post)
    reason = too_short_reason(n_baseline, n_post, settings)
    if reason is not None:
        return _withheld(n_baseline, n_post, reason)
    has_trend = n_baseline >= settings.min_weeks_trend and _has_trend(series[~post], places[~post], settings, phi)
    has_slope_change = min(n_baseline, n_post) >= settings.min_weeks_slope
    design = _design(places, post, has_trend=has_trend, has_slope_change=has_slope_change)
    fit = fit_ar1(series, design, places, phi)
    if not np.isfinite(fit.phi[0]):
        return _withheld(n_baseline, n_post, "the weeks do not vary around their level, so no interval can be computed")
    trend = float(fit.coefficients[0, 2]) * float(places[post].mean() - places[~post].mean()) if has_trend else 0.0
    return StepEffect(
        n_baseline=n_baseline,
        n_post=n_post,
        has_trend=has_trend,
        has_slope_change=has_slope_change,
        fit=fit,
        effect=float(fit.coefficients[0, 1]),
        standard_error=float(fit.standard_errors[0, 1]),
        p_value=float(fit.p_values(1)[0]),
        phi=float(fit.phi[0]),
        degrees_of_freedom=float(fit.degrees_of_freedom[0]),
        innovation_variance=float(fit.innovation_variance[0]),
        baseline_level=float(fit.coefficients[0, 0]) + trend,
        withheld_reason=None,
    )


def _withheld(n_baseline: int, n_post: int, reason: str) -> StepEffect:
    nan = float("nan")
    return StepEffect(n_baseline, n_post, False, False, None, nan, nan, nan, nan, nan, nan, nan, reason)  # noqa: FBT003


def _has_trend(baseline: Floats, weeks: Ints, settings: InterruptedSeriesSettings, phi: float | None) -> bool:
    """Whether the baseline by itself rises or falls, so that later weeks cannot change the answer."""
    fit = fit_ar1(baseline, np.column_stack([np.ones(weeks.size), weeks - weeks.mean()]), weeks, phi)
    return bool(np.abs(fit.coefficients[0, 1]) > settings.min_trend_t * fit.standard_errors[0, 1])


def _design(weeks: Ints, post: Flags, *, has_trend: bool, has_slope_change: bool) -> Floats:
    """Return the columns: level, step, then trend and slope change where they take part."""
    columns = [np.ones(weeks.size), post.astype(float)]
    if has_trend:
        columns.append(weeks - weeks[~post].mean())
    if has_slope_change:
        columns.append((weeks - weeks[post].mean()) * post)
    return np.column_stack(columns)


def used_weeks(points: pd.DataFrame) -> tuple[pd.DataFrame, Ints, Flags]:
    """Return the weeks of one series that take part in time order, their places in time and which are post weeks.

    Raises ``ValueError`` for a week that comes twice.
    """
    excluded = points["is_excluded"].to_numpy(dtype=bool)
    after = (points["phase"] == "after").to_numpy(dtype=bool)
    takes_part = (points["is_baseline"].to_numpy(dtype=bool) | after) & ~excluded
    frame = points.loc[takes_part].sort_values("week_start", ignore_index=True)
    if frame["week_start"].duplicated().any():
        raise ValueError("A series has a week twice; pass one row per intervention, metric and week.")
    return frame, week_numbers(frame["week_start"]), (frame["phase"] == "after").to_numpy(dtype=bool)


def week_numbers(week_start: pd.Series) -> Ints:
    """Return whole weeks since 1970-01-05 for the Mondays (or other fixed weekdays) of weeks."""
    days = week_start.to_numpy().astype("datetime64[D]").astype(np.int64)
    return (days - 4) // 7


def percent_change(log_ratio: float) -> float:
    """Return a difference of logarithms as a percent change, -20 for a fifth less."""
    return float(100 * np.expm1(log_ratio))
