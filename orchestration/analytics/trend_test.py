"""Trend of a weekly series: how fast it rises or falls, and whether chance alone would do that.

Belongs here: slope with interval and the rank test of one series or of a frame of series. Does not belong here:
forecasts (a slope is no forecast), behaviour charts (:mod:`.process_signals` has the run rules).

Sources: H. Theil (1950) and P. K. Sen (1968), the median of pairwise slopes and its interval from the rank test; H. B.
Mann (1945) and M. G. Kendall (1975), the rank test, with continuity correction and correction for ties; K. H. Hamed,
A. R. Rao, "A modified Mann-Kendall trend test for autocorrelated data", Journal of Hydrology 204 (1998), for the
variance of S where neighbouring weeks resemble each other. In so few weeks that correction and a bootstrap of blocks
both fall short, so the variance is at least that of an AR(1) process: see ``DEVIATIONS.md`` for what was measured.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from orchestration.analytics.input_frames import complete_weeks, require_columns, require_unique
from orchestration.analytics.process_limits import lag1_autocorrelation
from orchestration.analytics.stage_indicators import theil_sen_slope

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Floats

METHOD_VERSION = "trend_test-1"

_RELATIVE_ROUNDING = 1e-9

_SERIES_KEYS = ("scope_type", "scope_id", "level", "stage_id", "metric")
#: What `measure_trends` reads. ``stage_id`` may be missing in a row: the metric is then the whole scope's.
SERIES_COLUMNS = (*_SERIES_KEYS, "week_start", "is_complete", "value")

_TYPES = {
    "scope_type": "str",
    "scope_id": "str",
    "level": "str",
    "stage_id": "str",
    "metric": "str",
    "n_weeks": "int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "slope_per_week": "float64",
    "slope_lower": "float64",
    "slope_upper": "float64",
    "kendall_tau": "float64",
    "p_value": "float64",
    "r1": "float64",
    "variance_factor": "float64",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class TrendSettings:
    """Thresholds of the trend test.

    ``window_weeks``: most recent weeks looked at; ``min_weeks``: fewer weeks with a value give nothing; ``level``
    of the interval; ``autocorrelation_factor``: Hamed and Rao's correction applies where the lag-1 autocorrelation
    around the trend exceeds this over sqrt(n) in size; ``max_autocorrelation``: the AR(1) correction takes no more.
    """

    window_weeks: int = 26
    min_weeks: int = 13
    level: float = 0.95
    autocorrelation_factor: float = 2.0
    max_autocorrelation: float = 0.9


DEFAULT_SETTINGS = TrendSettings()


@dataclass(frozen=True, slots=True)
class Trend:
    """The trend of one series. NaN = cannot be measured.

    ``slope_per_week`` with its interval in the unit of the values; ``kendall_s`` the rank statistic S, ``kendall_tau``
    (tau-b), ``z`` and two-sided ``p_value`` after the correction by ``variance_factor`` (1 = none was needed); ``r1``
    the lag-1 autocorrelation of the distances from the trend line, 0 where they do not vary.
    """

    n_weeks: int
    slope_per_week: float
    slope_lower: float
    slope_upper: float
    kendall_s: float
    kendall_tau: float
    z: float
    p_value: float
    r1: float
    variance_factor: float
    withheld_reason: str | None


def measure_trend(values: ArrayLike, settings: TrendSettings = DEFAULT_SETTINGS) -> Trend:
    """Measure the trend of equally spaced values in time order; NaN = no value in that week.

    Slope: median of pairwise slopes. Test: Z = (S -+ 1) / sqrt(var S), var S corrected for ties and multiplied by the
    larger of Hamed and Rao's factor (only where |r1| > 2 / sqrt(n)) and of :func:`ar1_factor`, never less than 1: a
    negative autocorrelation in so few weeks is mostly chance and would make a trend look surer than it is. Interval:
    the pairwise slopes at the ranks (N -+ z sqrt(var S)) / 2 of N pairs (Sen), with the same variance.

    A series without variation has slope 0, tau NaN and p 1. Raises ``ValueError`` for infinite or nested values.
    """
    series = np.asarray(values, dtype=float)
    if series.ndim != 1 or np.isinf(series).any():
        raise ValueError("A trend needs a one-dimensional series of finite values; pass NaN where a week has none.")
    week = np.flatnonzero(np.isfinite(series)).astype(float)
    known = series[np.isfinite(series)]
    n_weeks, nan = known.size, float("nan")
    if n_weeks < settings.min_weeks:
        reason = f"{n_weeks} complete weeks with a value, at least {settings.min_weeks} needed"
        return Trend(n_weeks, nan, nan, nan, nan, nan, nan, nan, nan, nan, reason)

    slope = theil_sen_slope(series)
    around = known - slope * week
    # A line without scatter leaves only rounding, which has no autocorrelation to speak of.
    scatters = bool(np.ptp(around) > _RELATIVE_ROUNDING * max(1.0, float(np.abs(known).max())))
    r1 = lag1_autocorrelation(around) if scatters else 0.0
    factor = max(1.0, ar1_factor(r1, n_weeks, settings.max_autocorrelation))
    if scatters and abs(r1) > settings.autocorrelation_factor / np.sqrt(n_weeks):
        factor = max(factor, hamed_rao_factor(around))
    s, variance, tau = mann_kendall(known)
    spread = float(np.sqrt(variance * factor))
    z = float((s - np.sign(s)) / spread) if spread > 0 else 0.0
    lower, upper = _slope_interval(week, known, spread, settings.level)
    return Trend(n_weeks, slope, lower, upper, s, tau, z, float(2 * norm.sf(abs(z))), r1, factor, None)


def mann_kendall(values: Floats) -> tuple[float, float, float]:
    """Return S (rising less falling pairs), its variance under no trend with ties allowed for, and Kendall's tau-b.

    var S = [n (n-1) (2n+5) - sum t (t-1) (2t+5)] / 18 over groups of t equal values. tau is NaN for equal values.
    """
    n_values = values.size
    first, second = np.triu_indices(n_values, k=1)
    s = float(np.sign(values[second] - values[first]).sum())
    ties = np.unique(values, return_counts=True)[1].astype(float)
    n_pairs = n_values * (n_values - 1) / 2
    variance = (2 * n_pairs * (2 * n_values + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    untied = n_pairs - (ties * (ties - 1)).sum() / 2
    return s, float(variance), s / float(np.sqrt(n_pairs * untied)) if untied > 0 else float("nan")


def hamed_rao_factor(around: Floats) -> float:
    """Return n / n* of Hamed and Rao (1998): what autocorrelation does to the variance of S.

    1 + 2 / (n (n-1) (n-2)) * sum over lags i of (n-i) (n-i-1) (n-i-2) rho_i, with rho_i the autocorrelation of the
    ranks of the distances from the trend line, of which only those beyond the 95 % band +-1.96 / sqrt(n) count.
    """
    n_values = around.size
    ranks = rankdata(around)
    ranks = ranks - ranks.mean()
    lags = np.arange(1, n_values)
    products = np.correlate(ranks, ranks, mode="full")[n_values:]
    rho = products / (ranks @ ranks)
    counts = np.abs(rho) > norm.ppf(0.975) / np.sqrt(n_values)
    weights = (n_values - lags) * (n_values - lags - 1) * (n_values - lags - 2)
    return float(1 + 2 / (n_values * (n_values - 1) * (n_values - 2)) * (weights * rho)[counts].sum())


def ar1_factor(r1: float, n_weeks: int, max_autocorrelation: float = 0.9) -> float:
    """Return (1 + phi) / (1 - phi), what AR(1) distances from a line do to the variance of its slope.

    phi is r1 with its bias around a fitted line taken out, (n r1 + 2) / (n - 4), within 0 and ``max_autocorrelation``.
    """
    phi = min(max((n_weeks * r1 + 2) / (n_weeks - 4), 0.0), max_autocorrelation)
    return (1 + phi) / (1 - phi)


def measure_trends(series: pd.DataFrame, *, settings: TrendSettings = DEFAULT_SETTINGS) -> pd.DataFrame:
    """Measure the trend of every series over its most recent complete weeks, up to ``window_weeks``.

    ``series``: one row per scope, level, stage, metric and week with ``SERIES_COLUMNS``; weeks without a row count as
    weeks without a value, incomplete weeks are left out.

    Returns one row per series with ``COLUMNS``, ordered by its keys. ``window_end`` is the last day of the last
    complete week. With fewer than ``min_weeks`` values every number is missing and ``withheld_reason`` says so. Raises
    ``ValueError`` for a missing column or a repeated week.
    """
    require_columns(series, SERIES_COLUMNS, "series")
    known = complete_weeks(series.loc[:, list(SERIES_COLUMNS)], "week_start")
    require_unique(known, [*_SERIES_KEYS, "week_start"], "series")
    rows = []
    for keys, of_series in known.groupby(list(_SERIES_KEYS), sort=True, dropna=False):
        last = of_series["week_start"].max()
        weeks = pd.date_range(end=last, periods=settings.window_weeks, freq="7D")
        weeks = weeks[weeks >= of_series["week_start"].min()]
        values = of_series.set_index("week_start")["value"].astype("float64").reindex(weeks)
        rows.append(
            dict(zip(_SERIES_KEYS, keys, strict=True))
            | {"window_start": weeks[0], "window_end": last + pd.Timedelta(days=6)}
            | asdict(measure_trend(values.to_numpy(), settings))
        )
    table = pd.DataFrame(rows, columns=list(COLUMNS)).assign(method_version=METHOD_VERSION)
    return table.astype(_TYPES)


def _slope_interval(week: Floats, known: Floats, spread: float, level: float) -> tuple[float, float]:
    """Return Sen's interval of the slope; the ends of all pairwise slopes where the ranks wanted lie beyond them."""
    first, second = np.triu_indices(week.size, k=1)
    slopes = np.sort((known[second] - known[first]) / (week[second] - week[first]))
    reach = float(norm.ppf((1 + level) / 2)) * spread
    lower = max(int(np.floor((slopes.size - reach) / 2)) - 1, 0)
    upper = min(int(np.ceil((slopes.size + reach) / 2)), slopes.size - 1)
    return float(slopes[lower]), float(slopes[upper])
