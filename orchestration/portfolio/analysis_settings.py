"""What portfolio.yaml may say under `analysis`: the thresholds of the methods, each with its documented default.

Belongs here: keys, ranges, defaults. Does not belong here: the methods (`orchestration.analytics`), whose settings
have the same defaults (a test holds the two together).
"""

from pydantic import Field

from orchestration.portfolio.forecast_settings import ForecastThresholds
from orchestration.portfolio.value_types import Written


class Analysis(Written):
    """Thresholds of the analyses, an area each."""

    forecasts: ForecastThresholds = Field(default=ForecastThresholds())
