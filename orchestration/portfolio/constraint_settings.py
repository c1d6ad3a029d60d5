"""What portfolio.yaml may say under `analysis.constraints`: thresholds, each with its documented default.

Belongs here: keys, ranges, defaults. Does not belong here: the methods (`orchestration.analytics`), whose settings
have the same defaults (a test holds the two together).
"""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from orchestration.portfolio.value_types import Written

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Weeks = Annotated[int, Field(ge=1, le=520)]
Count = Annotated[int, Field(ge=1)]


class ConstraintThresholds(Written):
    """What it takes to name a stage the constraint, to call one eliminated, and to explain its waits.

    `window_weeks`: the weeks that verdicts, waits and hand-offs are told of; `long_window_weeks`: those of the verdict
    beside it. `lead_confidence`: how sure it must be that a stage is `min_lead` busier than every other.
    `sensitivity_replications`: paired runs, with and without more capacity, that a named constraint is checked by.
    """

    min_probability: Share = 0.8
    min_probability_estimated: Share = 0.9
    min_weeks: Weeks = 13
    window_weeks: Annotated[int, Field(ge=6, le=104, validate_default=True)] = 13
    long_window_weeks: Annotated[int, Field(ge=7, le=208, validate_default=True)] = 26
    min_departures: Count = 60
    min_lead: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)] = 0.05
    lead_confidence: Annotated[float, Field(gt=0.5, lt=1, allow_inf_nan=False)] = 0.95
    min_utilisation: Share = 0.6
    candidate_probability: Share = 0.9
    max_candidate_share: Share = 0.5
    min_candidate_weeks: Annotated[int, Field(ge=3)] = 6
    min_candidate_departures: Count = 20
    eliminated_below: Share = 0.2
    eliminated_after_weeks: Weeks = 8
    system_wide_share: Share = 0.6
    system_wide_levels: Count = 2
    min_waits: Count = 30
    min_hand_offs: Count = 10
    min_items_per_increment: Annotated[int, Field(ge=2)] = 10
    sensitivity_replications: Annotated[int, Field(ge=20, le=2000)] = 200

    @property
    def windows_weeks(self) -> tuple[int, int]:
        """The two windows that verdicts are given for, the shorter first."""
        return self.window_weeks, self.long_window_weeks

    @field_validator("window_weeks", "long_window_weeks")
    @classmethod
    def _enough_to_declare(cls, value: int, info: ValidationInfo) -> int:
        needed = info.data.get("min_weeks")
        if needed is not None and value < needed:
            raise ValueError(f"{value} is less than 'min_weeks' ({needed}), so nothing could ever be declared.")
        return value

    @field_validator("long_window_weeks")
    @classmethod
    def _longer(cls, value: int, info: ValidationInfo) -> int:
        short = info.data.get("window_weeks")
        if short is not None and value <= short:
            raise ValueError(f"{value} is not more than 'window_weeks' ({short}). Make the long window the longer one.")
        return value
