"""The step that an intervention made in a weekly series, with an interval that allows for autocorrelation.

Belongs here: the regression of one series on its launch. Does not belong here: how a regression with autoregressive
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

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Flags, Floats, Ints

METHOD_VERSION = "interrupted_series-1"

#: What `interrupted_effects` reads; further columns are ignored.
POINT_COLUMNS = (
    "intervention_id",
    "metric",
    "week_start",
    "charted_value",
    "chart_scale",
    "phase",
    "is_baseline",
    "is_excluded",
)

_TYPES = {
    "intervention_id": "str",
    "metric": "str",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_baseline": "int64",
    "n_post": "int64",
    "chart_scale": "str",
    "has_trend": "bool",
    "has_slope_change": "bool",
    "effect": "float64",
    "standard_error": "float64",
    "effect_lower": "float64",
    "effect_upper": "float64",
    "effect_percent": "float64",
    "effect_percent_lower": "float64",
    "effect_percent_upper": "float64",
    "baseline_level": "float64",
    "post_level": "float64",
    "slope_change_per_week": "float64",
    "slope_change_lower": "float64",
    "slope_change_upper": "float64",
    "p_value": "float64",
    "phi": "float64",
    "degrees_of_freedom": "float64",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class InterruptedSeriesSettings:
    """Minima of the regression. All counts are complete weeks with a value.

    A slope change is estimated from ``min_weeks_slope`` weeks on either side. A trend that was there before the launch
    is allowed for from ``min_weeks_trend`` baseline weeks if its ``|t|`` exceeds ``min_trend_t``: a free trend about
    doubles the interval.
    """

    min_baseline_weeks: int = 12
    min_post_weeks: int = 8
    min_weeks_slope: int = 26
    min_weeks_trend: int = 26
    min_trend_t: float = 2.0
    confidence: float = 0.95


DEFAULT_SETTINGS = InterruptedSeriesSettings()


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
    reason = _too_short_reason(n_baseline, n_post, settings)
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


def _too_short_reason(n_baseline: int, n_post: int, settings: InterruptedSeriesSettings) -> str | None:
    """Return which minimum is not reached, None where both are."""
    short = [
        f"{found} complete weeks {when} the launch, at least {needed} needed"
        for found, when, needed in (
            (n_baseline, "before", settings.min_baseline_weeks),
            (n_post, "after", settings.min_post_weeks),
        )
        if found < needed
    ]
    return " and ".join(short) or None


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


def standard_error_ahead(effect: StepEffect, n_post: int) -> tuple[float, float]:
    """Return the standard error and degrees of freedom that a step would have with ``n_post`` weeks after the launch.

    Level and step only, weeks without gaps, the autocorrelation and variance found so far. Raises ``ValueError`` for a
    withheld effect.
    """
    if effect.fit is None:
        raise ValueError("A withheld effect says nothing on later ones; check withheld_reason first.")
    post = np.arange(effect.n_baseline + n_post) >= effect.n_baseline
    design = _design(np.arange(post.size), post, has_trend=False, has_slope_change=False)
    errors, degrees = standard_errors_ahead(design, effect.phi, effect.innovation_variance)
    return float(errors[1]), degrees


def interrupted_effects(
    points: pd.DataFrame, *, settings: InterruptedSeriesSettings = DEFAULT_SETTINGS
) -> pd.DataFrame:
    """Estimate the step of every intervention and metric.

    Parameters
    ----------
    points: one row per intervention, metric and week with ``POINT_COLUMNS`` (the result of ``chart_interventions`` with
        its metric). Used are baseline weeks and weeks of the phase ``after``, both without ``is_excluded``, so
        transition weeks and incomplete weeks take no part. ``charted_value`` is the logarithm of the value where
        ``chart_scale`` is ``log``.

    Returns one row per intervention and metric with ``COLUMNS``, ordered by both. ``effect`` and its bounds are on the
    scale of the chart; the percentages (-20 = a fifth shorter) only where that is logarithmic; levels are in the unit
    of the metric. A withheld effect has NaN and its reason.
    Raises ``ValueError`` for a missing column or a week that comes twice.
    """
    missing = [column for column in POINT_COLUMNS if column not in points.columns]
    if missing:
        raise ValueError(f"The charted points lack {', '.join(missing)}; pass the columns of POINT_COLUMNS.")
    rows = [
        _effect_row(str(intervention), str(metric), frame, settings)
        for (intervention, metric), frame in points.groupby(["intervention_id", "metric"], sort=True)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(_TYPES)


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


def _effect_row(
    intervention: str, metric: str, points: pd.DataFrame, settings: InterruptedSeriesSettings
) -> dict[str, object]:
    frame, weeks, post = used_weeks(points)
    effect = step_effect(frame["charted_value"].to_numpy(dtype=float), weeks, post, settings=settings)
    is_log = bool((points["chart_scale"] == "log").any())
    lower, upper = effect.interval(settings.confidence)
    row: dict[str, object] = {
        "intervention_id": intervention,
        "metric": metric,
        "window_start": frame["week_start"].min(),
        "window_end": frame["week_start"].max(),
        "n_baseline": effect.n_baseline,
        "n_post": effect.n_post,
        "chart_scale": "log" if is_log else "linear",
        "has_trend": effect.has_trend,
        "has_slope_change": effect.has_slope_change,
        "effect": effect.effect,
        "standard_error": effect.standard_error,
        "effect_lower": lower,
        "effect_upper": upper,
        "baseline_level": np.exp(effect.baseline_level) if is_log else effect.baseline_level,
        "post_level": np.exp(effect.baseline_level + effect.effect)
        if is_log
        else effect.baseline_level + effect.effect,
        "p_value": effect.p_value,
        "phi": effect.phi,
        "degrees_of_freedom": effect.degrees_of_freedom,
        "withheld_reason": effect.withheld_reason,
        "method_version": METHOD_VERSION,
    }
    if is_log:
        row |= {
            "effect_percent": percent_change(effect.effect),
            "effect_percent_lower": percent_change(lower),
            "effect_percent_upper": percent_change(upper),
        }
    if effect.fit is not None and effect.has_slope_change:
        slope_lower, slope_upper = effect.fit.interval(-1, settings.confidence)
        row |= {
            "slope_change_per_week": float(effect.fit.coefficients[0, -1]),
            "slope_change_lower": float(slope_lower[0]),
            "slope_change_upper": float(slope_upper[0]),
        }
    return row


def percent_change(log_ratio: float) -> float:
    """Return a difference of logarithms as a percent change, -20 for a fifth less."""
    return float(100 * np.expm1(log_ratio))
