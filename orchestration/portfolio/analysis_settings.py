"""What portfolio.yaml may say under `analysis`: the thresholds of the methods, each with its documented default.

Belongs here: which areas there are. Does not belong here: the methods (`orchestration.analytics`).
"""

from pydantic import Field

from orchestration.portfolio.constraint_settings import ConstraintThresholds
from orchestration.portfolio.forecast_settings import ForecastThresholds
from orchestration.portfolio.intervention_settings import InterventionThresholds
from orchestration.portfolio.stable_shift_settings import StableShiftThresholds
from orchestration.portfolio.value_types import Written


class Analysis(Written):
    """Thresholds of the analyses, an area each."""

    constraints: ConstraintThresholds = Field(default=ConstraintThresholds())
    interventions: InterventionThresholds = Field(default=InterventionThresholds())
    stable_shift: StableShiftThresholds = Field(default=StableShiftThresholds())
    forecasts: ForecastThresholds = Field(default=ForecastThresholds())
