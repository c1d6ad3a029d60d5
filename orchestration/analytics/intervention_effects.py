"""The step of every intervention and metric, each by the method that fits what is measured.

Belongs here: which method estimates a series, and the table of all effects. Does not belong here: the methods
(:mod:`.interrupted_series` for measurements, :mod:`.count_step` for counts and shares, :mod:`.rate_step` for rare
events) and any verdict (:mod:`.intervention_verdict`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from orchestration.analytics.count_step import count_step
from orchestration.analytics.interrupted_series import StepEffect, percent_change, step_effect, used_weeks
from orchestration.analytics.rate_step import rate_step
from orchestration.analytics.series_minima import DEFAULT_SETTINGS, InterruptedSeriesSettings

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags, Floats, Ints

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

#: What it reads where it is there: how the effect is estimated, and a count with its size.
COUNT_COLUMNS = ("effect_method", "numerator", "denominator")

_TYPES = {
    "intervention_id": "str",
    "metric": "str",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_baseline": "int64",
    "n_post": "int64",
    "chart_scale": "str",
    "effect_method": "str",
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


class Step(Protocol):
    """What every method says of a step; NaN and a reason where it is withheld."""

    @property
    def n_baseline(self) -> int: ...  # noqa: D102
    @property
    def n_post(self) -> int: ...  # noqa: D102
    @property
    def effect(self) -> float: ...  # noqa: D102
    @property
    def standard_error(self) -> float: ...  # noqa: D102
    @property
    def p_value(self) -> float: ...  # noqa: D102
    @property
    def phi(self) -> float: ...  # noqa: D102
    @property
    def degrees_of_freedom(self) -> float: ...  # noqa: D102
    @property
    def baseline_level(self) -> float: ...  # noqa: D102
    @property
    def has_trend(self) -> bool: ...  # noqa: D102
    @property
    def has_slope_change(self) -> bool: ...  # noqa: D102
    @property
    def withheld_reason(self) -> str | None: ...  # noqa: D102
    @property
    def method_version(self) -> str: ...  # noqa: D102
    def interval(self, confidence: float) -> tuple[float, float]: ...  # noqa: D102
    def standard_error_ahead(self, n_post: int) -> tuple[float, float]: ...  # noqa: D102


def effect_method_of(points: pd.DataFrame) -> str:
    """Return how the effect of one series is estimated: ``autoregression``, ``quasi_poisson`` or ``rate_ratio``."""
    if "effect_method" not in points.columns or points.empty:
        return "autoregression"
    return str(points["effect_method"].iloc[0])


def counts_of(frame: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return events and sizes of the weeks of one series; a count without a size happens on a week."""
    counts = frame["numerator"].to_numpy(dtype=float)
    sizes = frame["denominator"].to_numpy(dtype=float)
    return counts, np.where(np.isnan(sizes) & np.isfinite(counts), 1.0, sizes)


def measured_step(
    frame: pd.DataFrame, weeks: Ints, post: Flags, method: str, settings: InterruptedSeriesSettings, *, is_share: bool
) -> Step:
    """Estimate the step of the used weeks of one series by the method named."""
    if method == "autoregression":
        return step_effect(frame["charted_value"].to_numpy(dtype=float), weeks, post, settings=settings)
    counts, sizes = counts_of(frame)
    if method == "rate_ratio":
        return rate_step(counts, sizes, post, settings=settings)
    return counted_step(counts, sizes, weeks, post, is_share=is_share, settings=settings)


def counted_step(
    counts: Floats, sizes: Floats, weeks: Ints, post: Flags, *, is_share: bool, settings: InterruptedSeriesSettings
) -> Step:
    """Estimate the step of counts by regression; without any since the launch, as two rates, which needs none."""
    found = count_step(counts, sizes, weeks, post, is_share=is_share, settings=settings)
    is_whole = bool((counts[np.isfinite(counts)] % 1 == 0).all())
    if is_whole and found.n_events_post == 0 and found.n_events_baseline > 0 and found.n_post > 0:
        return rate_step(counts, sizes, post, settings=settings)
    return found


def is_of_shares(points: pd.DataFrame) -> bool:
    """Whether a series of counts is one of shares, each count part of its size."""
    return "chart" in points.columns and bool((points["chart"] == "p_prime").any())


def interrupted_effects(
    points: pd.DataFrame, *, settings: InterruptedSeriesSettings = DEFAULT_SETTINGS
) -> pd.DataFrame:
    """Estimate the step of every intervention and metric.

    Parameters
    ----------
    points: one row per intervention, metric and week with ``POINT_COLUMNS`` (the result of ``chart_interventions``).
        Used are baseline weeks and weeks of the phase ``after``, both without ``is_excluded``, so transition weeks and
        incomplete weeks take no part. ``charted_value`` is the logarithm of the value where ``chart_scale`` is ``log``.
        With ``COUNT_COLUMNS``, an ``effect_method`` other than ``autoregression`` reads ``numerator`` and
        ``denominator`` (missing = 1 week) in place of ``charted_value``.

    Returns one row per intervention and metric with ``COLUMNS``, ordered by both. ``effect`` and its bounds are on the
    scale that ``chart_scale`` tells (``log`` for ratios of rates, whatever the chart); the percentages (-20 = a fifth
    shorter) only where that is logarithmic; levels are in the unit of the metric. A withheld effect has NaN and its
    reason.
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


def _effect_row(
    intervention: str, metric: str, points: pd.DataFrame, settings: InterruptedSeriesSettings
) -> dict[str, object]:
    frame, weeks, post = used_weeks(points)
    method = effect_method_of(points)
    effect = measured_step(frame, weeks, post, method, settings, is_share=is_of_shares(points))
    is_log = method != "autoregression" or bool((points["chart_scale"] == "log").any())
    lower, upper = effect.interval(settings.confidence)
    # The rates of counts are in their unit already, those of a logarithmic chart on its scale.
    is_charted_log = is_log and method == "autoregression"
    level = float(np.exp(effect.baseline_level)) if is_charted_log else effect.baseline_level
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
        "effect_method": method,
        "effect": effect.effect,
        "standard_error": effect.standard_error,
        "effect_lower": lower,
        "effect_upper": upper,
        "baseline_level": level,
        "post_level": level * np.exp(effect.effect) if is_log else level + effect.effect,
        "p_value": effect.p_value,
        "phi": effect.phi,
        "degrees_of_freedom": effect.degrees_of_freedom,
        "withheld_reason": effect.withheld_reason,
        "method_version": effect.method_version,
    }
    if is_log:
        row |= {
            "effect_percent": percent_change(effect.effect),
            "effect_percent_lower": percent_change(lower),
            "effect_percent_upper": percent_change(upper),
        }
    if isinstance(effect, StepEffect) and effect.fit is not None and effect.has_slope_change:
        slope_lower, slope_upper = effect.fit.interval(-1, settings.confidence)
        row |= {
            "slope_change_per_week": float(effect.fit.coefficients[0, -1]),
            "slope_change_lower": float(slope_lower[0]),
            "slope_change_upper": float(slope_upper[0]),
        }
    return row
