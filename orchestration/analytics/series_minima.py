"""How many weeks an effect needs on either side of a launch, whatever method estimates it.

Belongs here: the minima and the sentence where they are not reached. Does not belong here: the estimates
(:mod:`.interrupted_series`, :mod:`.count_step`, :mod:`.rate_step`).
"""

from __future__ import annotations

from dataclasses import dataclass


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


def too_short_reason(n_baseline: int, n_post: int, settings: InterruptedSeriesSettings) -> str | None:
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
