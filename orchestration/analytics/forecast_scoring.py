"""How good forecasts were, once what they were about has happened.

Belongs here: scores of probabilities, quantiles and hits. Does not belong here: making the forecasts, and what counts
as one case, which the back-test of each method decides.

Sources: G. W. Brier (1950); A. H. Murphy, J. Applied Meteorology 12 (1973), with the two terms that binning adds by
D. B. Stephenson et al., Weather and Forecasting 23 (2008); E. B. Wilson, JASA 22 (1927); R. Koenker, G. Bassett,
Econometrica 46 (1978) for the pinball loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Floats


def brier_score(probabilities: ArrayLike, outcomes: ArrayLike) -> float:
    """Return the mean squared distance of probabilities (0 to 1) from what happened (0 or 1); NaN without a case."""
    difference = np.asarray(probabilities, dtype=float) - np.asarray(outcomes, dtype=float)
    return float(np.mean(difference**2)) if difference.size else float("nan")


@dataclass(frozen=True, slots=True)
class BrierSplit:
    """The Brier score and its parts: ``brier = reliability - resolution + uncertainty + within_bin``.

    ``within_bin`` is what grouping unlike probabilities adds (variance less twice the covariance within the bins); 0
    where each bin holds one probability, which is Murphy's identity.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bin: float


def split_brier(probabilities: ArrayLike, outcomes: ArrayLike, n_bins: int = 10) -> BrierSplit:
    """Return the Brier score of probabilities (n,) against outcomes (n,) 0 or 1, and its parts over equal bins.

    All NaN for no forecasts. Raises ``ValueError`` for a probability outside 0 to 1 or an outcome that is neither.
    """
    forecast, outcome = np.asarray(probabilities, dtype=float), np.asarray(outcomes, dtype=float)
    if not ((forecast >= 0) & (forecast <= 1)).all() or not np.isin(outcome, (0.0, 1.0)).all():
        raise ValueError("A Brier score needs probabilities from 0 to 1 and outcomes of 0 or 1; check both.")
    nan = float("nan")
    if forecast.size == 0:
        return BrierSplit(nan, nan, nan, nan, nan)
    bins = np.minimum((forecast * n_bins).astype(np.int64), n_bins - 1)
    count = np.bincount(bins, minlength=n_bins)
    held = count > 0
    weight = count[held] / forecast.size
    mean_forecast = np.bincount(bins, forecast, n_bins)[held] / count[held]
    mean_outcome = np.bincount(bins, outcome, n_bins)[held] / count[held]
    base_rate = outcome.mean()
    place = np.cumsum(held)[bins] - 1
    off_forecast, off_outcome = forecast - mean_forecast[place], outcome - mean_outcome[place]
    return BrierSplit(
        brier=float(((forecast - outcome) ** 2).mean()),
        reliability=float((weight * (mean_forecast - mean_outcome) ** 2).sum()),
        resolution=float((weight * (mean_outcome - base_rate) ** 2).sum()),
        uncertainty=float(base_rate * (1 - base_rate)),
        within_bin=float((off_forecast**2 - 2 * off_forecast * off_outcome).mean()),
    )


def wilson_interval(n_hits: float, n_cases: float, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval of a share; NaN without a case. Counts may be fractions where cases overlap."""
    if n_cases <= 0:
        return float("nan"), float("nan")
    z, share = float(norm.ppf((1 + level) / 2)), n_hits / n_cases
    middle = (share + z**2 / (2 * n_cases)) / (1 + z**2 / n_cases)
    reach = z / (1 + z**2 / n_cases) * float(np.sqrt(share * (1 - share) / n_cases + z**2 / (4 * n_cases**2)))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def pinball_loss(quantile: ArrayLike, outcomes: ArrayLike, level: float) -> Floats:
    """Return per case the loss of a quantile forecast: ``level`` per unit too low, 1 - ``level`` per unit too high."""
    too_low = np.asarray(outcomes, dtype=float) - np.asarray(quantile, dtype=float)
    loss: Floats = np.where(too_low >= 0, level * too_low, (level - 1) * too_low)
    return loss
