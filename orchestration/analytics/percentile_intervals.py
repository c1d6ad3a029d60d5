"""Percentiles of durations with the interval that their few items leave, and the median that counts open items too.

Belongs here: one percentile of a sample, and the Kaplan-Meier median. Does not belong here: the marts' nearest-rank
percentiles, which are facts about what was finished; these estimate what the process does.

Sources: F. E. Harrell, C. E. Davis, "A new distribution-free quantile estimator", Biometrika 69 (1982); R. J. Hyndman,
Y. Fan (1996) for type 7; the interval from the binomial distribution of how many items lie below (W. J. Conover); E. L.
Kaplan, P. Meier (1958) for items still open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import CensoredData, ecdf, quantile, quantile_test

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

METHOD_VERSION = "percentile_intervals-1"

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class PercentileSettings:
    """Thresholds of the percentiles.

    ``min_items``: fewer have no percentile; ``min_items_plain``: from here on plain interpolation (type 7).
    """

    min_items: int = 10
    min_items_plain: int = 30
    level: float = 0.95


DEFAULT_SETTINGS = PercentileSettings()


@dataclass(frozen=True, slots=True)
class PercentileEstimate:
    """A percentile in the unit of the values; NaN where nothing can be said.

    So is an end of the interval that too few items bound. ``estimator``: harrell-davis or type 7.
    """

    n_items: int
    value: float
    lower: float
    upper: float
    estimator: str | None
    withheld_reason: str | None


def estimate_percentile(
    values: ArrayLike, share: float, settings: PercentileSettings = DEFAULT_SETTINGS
) -> PercentileEstimate:
    """Estimate the value that ``share`` (0 to 1, exclusive) of items stay within; missing values are left out."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    nan = float("nan")
    if known.size < settings.min_items:
        reason = f"{known.size} items, at least {settings.min_items} needed"
        return PercentileEstimate(known.size, nan, nan, nan, None, reason)
    estimator = "type 7" if known.size >= settings.min_items_plain else "harrell-davis"
    value = quantile(known, share, method="linear" if estimator == "type 7" else "harrell-davis")
    interval = quantile_test(known, q=float(np.median(known)), p=share).confidence_interval(settings.level)
    return PercentileEstimate(known.size, float(value), float(interval.low), float(interval.high), estimator, None)


def median_with_open_items(
    finished: ArrayLike, open_ages: ArrayLike, settings: PercentileSettings = DEFAULT_SETTINGS
) -> tuple[float, float]:
    """Return the Kaplan-Meier median, and the naive one of the finished items alone, in the unit of the values.

    ``finished``: durations; ``open_ages``: ages of items not finished yet, of which only that they take longer is
    known. NaN with fewer than ``min_items`` finished; the first too where half of the items are not known to end.
    """
    done, still = np.asarray(finished, dtype=float), np.asarray(open_ages, dtype=float)
    done, still = done[np.isfinite(done)], still[np.isfinite(still)]
    if done.size < settings.min_items:
        return float("nan"), float("nan")
    survival = ecdf(CensoredData(uncensored=done, right=still)).sf
    reached = np.flatnonzero(survival.probabilities <= _HALF)
    return (float(survival.quantiles[reached[0]]) if reached.size else float("nan")), float(np.median(done))
