"""The step that an intervention made in a weekly series, with an interval that allows for autocorrelation.

Belongs here: the regression of one series on its launch, with first-order autoregressive errors. Does not belong here:
comparison with other value streams (:mod:`.controlled_effect`), with single items (:mod:`.item_level_effect`), and any
verdict (:mod:`.intervention_verdict`).

Sources: restricted maximum likelihood for interrupted series: S. L. Turner et al., BMC Medical Research Methodology 21
(2021), doi 10.1186/s12874-021-01364-0; the AR(1) transform: S. J. Prais and C. B. Winsten (1954). Degrees of freedom
from the effective number of weeks n (1 - phi) / (1 + phi): in simulations of 12 to 78 weeks nominal 95 % intervals then
held the truth in 93 to 95 %, those by Newey and West in 71 to 88 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

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

#: The range of phi that is searched, the step of the grid, and the widths of the parabolas laid through the best point.
_PHI_RANGE, _GRID_STEP, _PARABOLA_WIDTHS = (-0.95, 0.98), 0.02, (4e-3, 1e-3, 1e-3)
#: Residuals smaller than this, relative to the series, are rounding.
_RELATIVE_ROUNDING = 1e-10
_MIN_DEGREES_OF_FREEDOM = 2.0


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
class Ar1Fit:
    """Regressions of k series on the same p columns, errors AR(1).

    ``phi`` (k), ``coefficients`` and ``standard_errors`` (k, p), ``innovation_variance`` (k), ``degrees_of_freedom``
    (k). A series that its columns describe without any rest has NaN everywhere: it carries no information on its error.
    """

    phi: Floats
    coefficients: Floats
    standard_errors: Floats
    innovation_variance: Floats
    degrees_of_freedom: Floats

    def interval(self, column: int, confidence: float) -> tuple[Floats, Floats]:
        """Return the bounds of one coefficient's interval, each of length k."""
        half = student_t.ppf((1 + confidence) / 2, self.degrees_of_freedom) * self.standard_errors[:, column]
        return self.coefficients[:, column] - half, self.coefficients[:, column] + half

    def p_values(self, column: int) -> Floats:
        """Return the two-sided p of one coefficient against 0, of length k."""
        t_values = np.abs(self.coefficients[:, column] / self.standard_errors[:, column])
        return np.asarray(2 * student_t.sf(t_values, self.degrees_of_freedom), dtype=float)


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


def fit_ar1(values: ArrayLike, design: ArrayLike, weeks: ArrayLike | None = None, phi: float | None = None) -> Ar1Fit:
    """Regress series with AR(1) errors on the columns of a design by restricted maximum likelihood.

    With s = number of weeks since the point before, a point is reduced by phi^s times the one before and divided by
    sqrt(v), v = (1 - phi^(2s)) / (1 - phi^2); for the first point nothing is subtracted and v = 1 / (1 - phi^2). b is
    ordinary least squares on the result and s2 = RSS / (n - p). phi maximises
    -0.5 [(n - p) log s2 + sum(log v) + log det X'X], searched on a grid from -0.95 to 0.98 and refined
    by parabolas to about 1e-6. For weeks without gaps this is the published form; with gaps it is the exact likelihood
    of a series in which weeks are missing. Degrees of freedom: max(2, n (1 - phi) / (1 + phi) - p), phi taken as 0 if
    negative.

    Parameters
    ----------
    values: (k, n) series in time order, or (n,) for one; finite.
    design: (n, p) columns, the same for all series.
    weeks: (n,) rising whole numbers, the places of the points in time; 0, 1, 2 ... without.
    phi: hold it at this value in place of estimating it; 0 gives ordinary least squares with its own n - p degrees
        of freedom.

    Raises ``ValueError`` for values that are not finite, shapes that do not fit, weeks that do not rise, columns that
    depend on each other, or no more points than columns.
    """
    series = np.atleast_2d(np.asarray(values, dtype=float))
    columns = np.asarray(design, dtype=float)
    n_points, n_columns = columns.shape
    if series.shape[1] != n_points:
        raise ValueError(f"The series have {series.shape[1]} points and the design {n_points}; pass as many of both.")
    if not np.isfinite(series).all():
        raise ValueError("A regression cannot use missing or infinite values; leave those weeks out.")
    if n_points <= n_columns or np.linalg.matrix_rank(columns) < n_columns:
        raise ValueError(f"{n_points} points cannot tell {n_columns} columns apart; pass more weeks or fewer columns.")
    gaps = _gaps(weeks, n_points)
    # Least squares first and its rest from here on, or a high level would cost the digits of the variance.
    start = np.linalg.lstsq(columns, series.T)[0].T
    forms = _QuadraticForms(columns, series - start @ columns.T)
    best = _best_phi(forms, gaps, series.shape[0]) if phi is None else np.full(series.shape[0], float(phi))
    gram, moments, squares, _ = forms.at(best[:, None], gaps)
    inverse = np.linalg.inv(gram[:, 0])
    coefficients = np.einsum("kpq,kq->kp", inverse, moments[:, 0])
    residual = squares[:, 0] - np.einsum("kp,kp->k", coefficients, moments[:, 0])
    size = np.linalg.norm(series, axis=1)
    variance = np.where(residual > (_RELATIVE_ROUNDING * size) ** 2, residual, np.nan) / (n_points - n_columns)
    positive = np.maximum(best, 0.0)
    effective = n_points * (1 - positive) / (1 + positive)
    known = np.isfinite(variance)
    return Ar1Fit(
        phi=np.where(known, best, np.nan),
        coefficients=np.where(known[:, None], start + coefficients, np.nan),
        standard_errors=np.sqrt(variance[:, None] * np.einsum("kpp->kp", inverse)),
        innovation_variance=variance,
        degrees_of_freedom=np.where(known, np.maximum(_MIN_DEGREES_OF_FREEDOM, effective - n_columns), np.nan),
    )


@dataclass(frozen=True, slots=True)
class _QuadraticForms:
    """Sums of products of columns and series, of which every transformed sum is a weighted sum over the weeks.

    For u, v among the columns and the series, sum(u* v*) = sum(a uv) - sum(b (u v' + u' v)) + sum(c u' v') with ' the
    point before and a, b, c functions of phi only. So one matrix product serves all phi of a grid.
    """

    columns: Floats
    series: Floats

    def at(self, phi: Floats, gaps: Ints) -> tuple[Floats, Floats, Floats, Floats]:
        """Return X'X (k, g, p, p), X'y (k, g, p), y'y (k, g) and sum(log v) (k, g) for phi (k, g) or (1, g)."""
        lengths, place = np.unique(np.maximum(gaps, 1), return_inverse=True)
        power = (phi[..., None] ** lengths)[..., place]
        spread = (1 - power**2) / (1 - phi[..., None] ** 2)
        spread[..., 0] = 1 / (1 - phi**2)
        power[..., 0] = 0.0
        a = 1 / spread
        b, c = a * power, a * power**2
        before_x, before_y = _shifted(self.columns.T).T, _shifted(self.series)
        x, y = self.columns, self.series
        own, cross, lagged = (
            x[:, :, None] * x[:, None, :],
            x[:, :, None] * before_x[:, None, :] + before_x[:, :, None] * x[:, None, :],
            before_x[:, :, None] * before_x[:, None, :],
        )
        gram = (
            np.tensordot(a, own, axes=(2, 0))
            - np.tensordot(b, cross, axes=(2, 0))
            + np.tensordot(c, lagged, axes=(2, 0))
        )
        shared = phi.shape[0] == 1
        squares = _weighted(a, y * y, shared) - _weighted(b, 2 * y * before_y, shared)
        squares += _weighted(c, before_y * before_y, shared)
        moments = np.stack(
            [
                _weighted(a, x[:, j] * y, shared)
                - _weighted(b, x[:, j] * before_y + before_x[:, j] * y, shared)
                + _weighted(c, before_x[:, j] * before_y, shared)
                for j in range(x.shape[1])
            ],
            axis=-1,
        )
        return gram, moments, squares, np.log(spread).sum(axis=-1)

    def log_likelihood(self, phi: Floats, gaps: Ints) -> Floats:
        """Return the restricted log-likelihood, (k, g), up to a constant."""
        gram, moments, squares, log_spread = self.at(phi, gaps)
        n_free = self.columns.shape[0] - self.columns.shape[1]
        solved = np.linalg.solve(np.broadcast_to(gram, (*moments.shape, moments.shape[-1])), moments[..., None])[..., 0]
        residual = np.maximum(squares - np.einsum("kgp,kgp->kg", solved, moments), np.finfo(float).tiny)
        likelihood: Floats = -0.5 * (n_free * np.log(residual) + log_spread + np.linalg.slogdet(gram)[1])
        return likelihood


def _weighted(weights: Floats, products: Floats, shared: bool) -> Floats:  # noqa: FBT001
    """Sum products (k, n) with weights (k or 1, g, n) over the weeks, (k, g)."""
    if shared:
        return np.asarray(products @ weights[0].T)
    return np.asarray((weights @ products[:, :, None])[..., 0])


def _shifted(rows: Floats) -> Floats:
    """Return each row moved on by one point, 0 first."""
    moved = np.zeros_like(rows)
    moved[:, 1:] = rows[:, :-1]
    return moved


def _gaps(weeks: ArrayLike | None, n_points: int) -> Ints:
    """Return the weeks since the point before, 0 for the first."""
    places = np.arange(n_points) if weeks is None else np.asarray(weeks, dtype=np.int64)
    gaps = np.diff(places, prepend=places[0])
    if (gaps[1:] < 1).any():
        raise ValueError("The weeks of a series must rise; sort it and pass each week once.")
    return gaps.astype(np.int64)


def _best_phi(forms: _QuadraticForms, gaps: Ints, n_series: int) -> Floats:
    """Return the phi of the highest restricted likelihood for each series."""
    low, high = _PHI_RANGE
    best: Floats
    grid = np.append(np.arange(low, high, _GRID_STEP), high)[None, :]
    best = grid[0, forms.log_likelihood(grid, gaps).argmax(axis=1)]
    for width in _PARABOLA_WIDTHS:
        middle = np.clip(best, low + width, high - width)
        before, at, after = forms.log_likelihood(middle[:, None] + width * np.array([-1.0, 0.0, 1.0]), gaps).T
        curvature = before - 2 * at + after
        # Where it is not curved downwards the best point of the grid stays; so it does at an end of the range.
        is_peak = (curvature < 0) & (middle == best)
        shift = np.divide(before - after, 2 * curvature, out=np.zeros(n_series), where=is_peak)
        best = np.clip(best + np.clip(width * shift, -_GRID_STEP, _GRID_STEP), low, high)
    return best


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
    forms = _QuadraticForms(design, np.zeros((1, post.size)))
    gram = forms.at(np.array([[effect.phi]]), _gaps(None, post.size))[0][0, 0]
    positive = max(effect.phi, 0.0)
    degrees = max(_MIN_DEGREES_OF_FREEDOM, post.size * (1 - positive) / (1 + positive) - design.shape[1])
    return float(np.sqrt(effect.innovation_variance * np.linalg.inv(gram)[1, 1])), degrees


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
