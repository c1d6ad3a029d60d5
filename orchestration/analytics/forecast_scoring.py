"""How good forecasts were, once what they were about has happened.

Belongs here: scores of probabilities, quantiles and hits. Does not belong here: making the forecasts, and what counts
as one case, which the back-test of each method decides.

Sources: G. W. Brier (1950); A. H. Murphy, "A new vector partition of the probability score" (1973); E. B. Wilson
(1927); R. Koenker, G. Bassett (1978) for the pinball loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Floats


@dataclass(frozen=True, slots=True)
class BrierParts:
    """Murphy's parts of a Brier score, which is reliability - resolution + uncertainty, each 0 to 1.

    ``reliability``: distance of what was said from what then happened (0 is best); ``resolution``: how far the groups
    differ from the base rate (more is better); ``uncertainty``: the score of always saying the base rate.
    """

    reliability: float
    resolution: float
    uncertainty: float


def brier_score(probabilities: ArrayLike, outcomes: ArrayLike) -> float:
    """Return the mean squared distance of probabilities (0 to 1) from what happened (0 or 1); NaN without a case."""
    difference = np.asarray(probabilities, dtype=float) - np.asarray(outcomes, dtype=float)
    return float(np.mean(difference**2)) if difference.size else float("nan")


def brier_parts(probabilities: ArrayLike, outcomes: ArrayLike) -> BrierParts:
    """Split a Brier score over the groups of equal probability; exact, as nothing is binned."""
    said, group = np.unique(np.asarray(probabilities, dtype=float), return_inverse=True)
    happened = np.asarray(outcomes, dtype=float)
    n_cases = np.bincount(group)
    frequency = np.bincount(group, weights=happened) / n_cases
    base_rate = happened.mean()
    return BrierParts(
        reliability=float(np.average((said - frequency) ** 2, weights=n_cases)),
        resolution=float(np.average((frequency - base_rate) ** 2, weights=n_cases)),
        uncertainty=float(base_rate * (1 - base_rate)),
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
