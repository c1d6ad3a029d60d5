"""The step that an intervention made in the rate of rare events, by the score method for two Poisson rates.

Belongs here: two rates and their ratio, for events of which the median week has none. Does not belong here: counts per
week (:mod:`.count_step`), and the chart of what lies between events (:mod:`.rare_event_charts`).

Source: K. Gu, H. K. T. Ng, M. L. Tang, W. R. Schucany, "Testing the ratio of two Poisson rates", Biometrical Journal 50
(2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from orchestration.analytics.series_minima import DEFAULT_SETTINGS, InterruptedSeriesSettings, too_short_reason

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

METHOD_VERSION = "rate_step-1"

#: Added to both counts where none happened after the launch, so that the estimate is finite (Haldane, Anscombe).
_WITHOUT_EVENTS = 0.5


@dataclass(frozen=True, slots=True)
class RateComparison:
    """Rate after divided by rate before, its interval and p; NaN where it cannot be measured."""

    ratio: float
    lower: float
    upper: float
    p_value: float


def compare_rates(
    n_before: int, exposure_before: float, n_after: int, exposure_after: float, *, confidence: float = 0.95
) -> RateComparison:
    """Compare two rates of rare events (escaped defects, incidents) by the score method for Poisson counts.

    Exposure is what the events could have happened on (items, weeks), above 0. Without any event before there is no
    ratio, and all is NaN. Raises ``ValueError`` for a negative count or an exposure of 0 or less.
    """
    if min(n_before, n_after) < 0 or min(exposure_before, exposure_after) <= 0:
        raise ValueError("Rates need counts of 0 or more and exposures above 0; check what was counted.")
    if n_before == 0:
        return RateComparison(float("nan"), float("nan"), float("nan"), float("nan"))
    # statsmodels' score interval gives its upper bound twice where one side has no event, so it is solved here.
    # The score statistic at a ratio r is (a - b d) / sqrt((a + b) d) with d = r exposure_after / exposure_before, so
    # the bounds are the roots of (a - b d)^2 = z^2 (a + b) d; without an event after the lower one is 0.
    of_exposure = exposure_after / exposure_before
    statistic = (n_after - n_before * of_exposure) / np.sqrt((n_after + n_before) * of_exposure)
    spread = float(norm.ppf((1 + confidence) / 2)) ** 2 * (n_after + n_before)
    middle = (2 * n_after * n_before + spread) / (2 * n_before**2)
    reach = np.sqrt(max(middle**2 - (n_after / n_before) ** 2, 0.0))
    lower, upper = (max(middle - reach, 0.0) / of_exposure, (middle + reach) / of_exposure)
    p_value = float(2 * norm.sf(abs(statistic)))
    ratio = (n_after / exposure_after) / (n_before / exposure_before)
    return RateComparison(ratio, float(lower), float(upper), p_value)


@dataclass(frozen=True, slots=True)
class RateStep:
    """The step as the logarithm of the ratio of two rates, or why there is none (NaN and ``withheld_reason``).

    Without any event after the launch the lower bound is minus infinity: the rate may have fallen to nothing.
    """

    n_baseline: int
    n_post: int
    n_events_baseline: int
    n_events_post: int
    size_baseline: float
    size_post: float
    effect: float
    p_value: float
    baseline_level: float
    withheld_reason: str | None
    standard_error: float = float("nan")
    phi: float = float("nan")
    degrees_of_freedom: float = float("nan")
    has_trend: bool = False
    has_slope_change: bool = False
    method_version: str = METHOD_VERSION

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the bounds of the effect; NaN where it is withheld."""
        if self.withheld_reason is not None:
            return float("nan"), float("nan")
        found = compare_rates(
            self.n_events_baseline, self.size_baseline, self.n_events_post, self.size_post, confidence=confidence
        )
        with np.errstate(divide="ignore"):
            lower, upper = np.log([max(found.lower, 0.0), found.upper])
        return float(lower), float(upper)

    def standard_error_ahead(self, n_post: int) -> tuple[float, float]:
        """Return standard error and degrees of freedom with so many weeks after the launch, at the rate found there."""
        if self.withheld_reason is not None:
            raise ValueError("A withheld effect says nothing on later ones; check withheld_reason first.")
        expected = self.baseline_level * np.exp(self.effect) * self.size_post / self.n_post * n_post
        return float(np.sqrt(1 / self.n_events_baseline + 1 / expected)), float(self.n_baseline + n_post - 2)


def rate_step(
    counts: ArrayLike,
    sizes: ArrayLike,
    is_post: ArrayLike,
    *,
    settings: InterruptedSeriesSettings = DEFAULT_SETTINGS,
) -> RateStep:
    """Estimate by what factor the rate of rare events changed with the launch.

    Parameters
    ----------
    counts, sizes: (n,) events per week and what they could have happened on (1 for a week, else items or deployments);
        a week without either takes no part.
    is_post: (n,) true after the launch.

    Raises ``ValueError`` for counts that are no whole numbers of 0 or more.
    """
    count, size, post = (np.asarray(part, dtype=float) for part in (counts, sizes, is_post))
    kept = np.isfinite(count) & np.isfinite(size) & (size > 0)
    count, size, after = count[kept], size[kept], post[kept] > 0
    if (count < 0).any() or (count != np.round(count)).any():
        raise ValueError("Rare events are counted in whole numbers of 0 or more; check what was counted.")
    n_post = int(after.sum())
    n_baseline = int(count.size - n_post)
    before, since = int(count[~after].sum()), int(count[after].sum())
    sizes_of = float(size[~after].sum()), float(size[after].sum())
    reason = too_short_reason(n_baseline, n_post, settings)
    if reason is None and before == 0:
        reason = "no event before the launch, so there is no rate that it could have changed"
    if reason is not None:
        nan = float("nan")
        return RateStep(n_baseline, n_post, before, since, *sizes_of, nan, nan, nan, reason)
    added = 0.0 if since else _WITHOUT_EVENTS
    ratio = ((since + added) / sizes_of[1]) / ((before + added) / sizes_of[0])
    tested = compare_rates(before, sizes_of[0], since, sizes_of[1])
    return RateStep(
        n_baseline, n_post, before, since, *sizes_of, float(np.log(ratio)), tested.p_value, before / sizes_of[0], None
    )
