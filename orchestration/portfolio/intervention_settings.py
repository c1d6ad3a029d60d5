"""What portfolio.yaml may say under `analysis: interventions`: thresholds of verdicts, controls, gains and projections.

Belongs here: keys, ranges, defaults. Does not belong here: the methods (`orchestration.analytics`), whose settings
have the same defaults (a test holds the two together).
"""

from typing import Annotated

from pydantic import Field

from orchestration.portfolio.value_types import Written

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Weeks = Annotated[int, Field(ge=1, le=520)]


class InterventionThresholds(Written):
    """What it takes to judge an intervention.

    `min_baseline_weeks`, `min_post_weeks`: complete weeks before and after the launch, below which nothing is said.
    `run_length`: weeks in a row on one side that are a shift; `recent_weeks`: those that tell whether it still moves.
    `minimum_sigmas`: size of an effect that matters, in standard deviations of the baseline. `quiet_weeks`,
    `min_correlation`, `min_donors`: which value streams it is compared with. `false_discovery_rate`: share of the
    discoveries of a refresh that may be false. `weeks_to_sustain`, `min_retained`: how long and how much of a gain must
    be kept. `weeks_to_due`: weeks after the transition after which a projection is held against what came.
    `synthetic_control`: whether to compare with a weighted mix of value streams too, of which it takes five.
    """

    min_baseline_weeks: Annotated[int, Field(ge=6, le=26)] = 12
    min_post_weeks: Annotated[int, Field(ge=3, le=520)] = 8
    run_length: Annotated[int, Field(ge=3, le=52)] = 8
    recent_weeks: Annotated[int, Field(ge=1, le=52)] = 8
    minimum_sigmas: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.5
    quiet_weeks: Weeks = 13
    min_correlation: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)] = 0.3
    min_donors: Annotated[int, Field(ge=2)] = 2
    false_discovery_rate: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.10
    weeks_to_sustain: Weeks = 12
    min_retained: Share = 0.5
    weeks_to_due: Weeks = 26
    synthetic_control: bool = False
