"""What portfolio.yaml may say under `analysis.forecasts`, each key with its documented default.

Belongs here: keys, ranges, defaults. Does not belong here: the methods (`orchestration.analytics`), whose settings
have the same defaults (a test holds the two together).
"""

from typing import Annotated

from pydantic import Field

from orchestration.portfolio.value_types import Written

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Weeks = Annotated[int, Field(ge=1, le=520)]
Count = Annotated[int, Field(ge=1)]


class ChokePointThresholds(Written):
    """Queues over their limit: weeks of flow and of limits, what a back-test needs, and when it counts as a warning."""

    window_weeks: Annotated[int, Field(ge=4, le=520)] = 13
    min_limit_weeks: Weeks = 12
    max_limit_weeks: Weeks = 26
    min_origins: Count = 12
    max_horizon_weeks: Annotated[int, Field(ge=8, le=104)] = 26
    warning: Share = 0.5


class LoadThresholds(Written):
    """Work ahead over capacity: weeks fitted, weeks that tell the hours of an item, and what load is still healthy."""

    window_weeks: Weeks = 52
    work_weeks: Weeks = 13
    min_departures: Count = 10
    healthy_load: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.85


class TrendThresholds(Written):
    """Trends of weekly series: weeks looked at, and the fewest that give one."""

    window_weeks: Weeks = 26
    min_weeks: Annotated[int, Field(ge=8, le=520)] = 13


class DeliveryThresholds(Written):
    """Monte Carlo of delivery: weeks drawn from, and how many weeks ahead a date may lie."""

    min_weeks: Annotated[int, Field(ge=2, le=520)] = 8
    max_weeks: Weeks = 26
    limit_weeks: Annotated[int, Field(ge=13, le=520)] = 104


class ForecastThresholds(Written):
    """Thresholds of what is said of the weeks to come."""

    choke_points: ChokePointThresholds = Field(default=ChokePointThresholds())
    load: LoadThresholds = Field(default=LoadThresholds())
    trends: TrendThresholds = Field(default=TrendThresholds())
    delivery: DeliveryThresholds = Field(default=DeliveryThresholds())
