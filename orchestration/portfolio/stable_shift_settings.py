"""What portfolio.yaml may say under `analysis.stable_shift`: when limits are computed anew.

Belongs here: keys, ranges, the published defaults. Does not belong here: the method
(`orchestration.analytics.stable_shift`), whose settings have the same defaults (a test holds the two together).
"""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from orchestration.portfolio.value_types import Written


class StableShiftThresholds(Written):
    """Parameters of the Stable Shift Algorithm, for charts of interventions and the phases that forecasts draw from.

    `n_min`: weeks that new limits rest on; `n_min_trial`: weeks that suffice for trial limits. `run_length`: weeks in a
    row on one side that make a shift. `max_exclusions`: weeks outside the limits that are left out of them.
    `no_regrets`: put a shift off while the end of its window may yet turn into a run back. `overhang`: let a run back
    count that only starts in the window.
    """

    n_min: Annotated[int, Field(ge=6, le=104)] = 21
    n_min_trial: Annotated[int, Field(ge=6, le=104, validate_default=True)] = 12
    run_length: Annotated[int, Field(ge=3, le=52)] = 8
    max_exclusions: Annotated[int, Field(ge=0, le=20)] = 3
    no_regrets: bool = True
    overhang: bool = True

    @field_validator("n_min_trial")
    @classmethod
    def _no_more_than_whole(cls, value: int, info: ValidationInfo) -> int:
        whole = info.data.get("n_min")
        if whole is not None and value > whole:
            raise ValueError(
                f"{value} is more than 'n_min' ({whole}). Trial limits need no more weeks than whole ones."
            )
        return value
