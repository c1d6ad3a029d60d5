"""The models of one row of each register that people keep by hand: columns, types, defaults, units.

Belongs here: what can be judged from one row alone. Does not belong here: reading the tables and what must hold between
rows, or between a row and portfolio.yaml (the package registers).

The descriptions are shown to people whose table lacks the column, so each reads on after "Add it:".
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from orchestration.portfolio.value_types import Day, Identifier, Text, Written, not_before
from orchestration.portfolio.workflow import Level

Metric = Literal[
    "cycle_time",
    "flow_time",
    "lead_time",
    "throughput",
    "wip",
    "flow_efficiency",
    "blocked_share",
    "rework_share",
    "reopened_share",
    "defects",
    "escaped_defects",
    "safety_defects",
    "escape_rate",
    "defects_per_item",
    "deployments",
    "failed_deployments",
    "change_failure_share",
    "incidents",
    "stage_time",
    "stage_wip",
    "stage_departures",
]
# The others change by a factor, of which nothing left is none.
MAY_FALL_TO_NOTHING = (
    "throughput",
    "wip",
    "flow_efficiency",
    "blocked_share",
    "rework_share",
    "stage_wip",
    "stage_departures",
)
InterventionKind = Literal[
    "capacity",
    "work_in_progress",
    "batch_size",
    "automation",
    "process",
    "training",
    "organisation",
    "policy",
    "other",
]
Direction = Literal["up", "down"]
_WHOLE = 100
HOURS_OF_A_WEEK = 168


def _monday(value: date) -> date:
    if value.weekday():
        monday = date.fromordinal(value.toordinal() - value.weekday())
        raise ValueError(f"{value} is a {value:%A}, and a week is named by its Monday. Write {monday}.")
    return value


Monday = Annotated[Day, AfterValidator(_monday)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Intervention(Written):
    """One row of the interventions: one change, launched on a day, and one metric that it is to move.

    A change that is to move several metrics has a row for each, with the same id. The row with `primary: true` is the
    one its verdict rests on; the others are watched beside it, each with a projection of its own.

    `projected_change_percent` is the change promised for the metric, in percent of its baseline; the true change should
    lie between its `low` and `high` in eight of ten cases. `minimum_change_percent` is the smallest change that matters
    to the office, whichever way. `cost` is in the portfolio's currency. `excluded_controls` are value streams that the
    metric may not be compared with, parted by semicolons.
    """

    intervention_id: Identifier = Field(description="a short id of the intervention")
    name: Text = Field(description="what was changed, in a few words")
    value_stream: Text | None = None
    train: Text | None = None
    team: Text | None = None
    stage: Text | None = None
    level: Level = Field(description="the level of work it is measured on: story, feature, capability or epic")
    metric: Metric = Field(description="the metric it is to move, such as cycle_time")
    desired_direction: Direction = Field(description="up or down")
    launched_on: Day = Field(description="the day it took effect, as 2026-03-02")
    transition_days: Annotated[int, Field(ge=0)] = 14
    hypothesis: Text | None = None
    owner_role: Text | None = None
    projected_change_percent: Number | None = None
    projected_change_low_percent: Number | None = None
    projected_change_high_percent: Number | None = None
    minimum_change_percent: Annotated[float, Field(ge=0, le=99, allow_inf_nan=False)] | None = None
    kind: InterventionKind | None = None
    funded_on: Day | None = None
    cost: Amount | None = None
    excluded_controls: Text | None = None
    primary: bool | None = None

    @field_validator("projected_change_percent")
    @classmethod
    def _can_be_wanted(cls, value: float | None, info: ValidationInfo) -> float | None:
        direction, metric = info.data.get("desired_direction"), info.data.get("metric")
        if value is None:
            return value
        if metric not in MAY_FALL_TO_NOTHING and value <= -_WHOLE:
            raise ValueError(f"{value:g} leaves nothing of {metric}. Give a change above -100, such as -20.")
        if (direction == "up" and value < 0) or (direction == "down" and value > 0):
            raise ValueError(f"{value:g} goes against desired_direction, which is {direction}. Correct one of the two.")
        return value

    @field_validator("projected_change_low_percent", "projected_change_high_percent")
    @classmethod
    def _lies_around_the_projection(cls, value: float | None, info: ValidationInfo) -> float | None:
        projected = info.data.get("projected_change_percent")
        if value is None:
            return value
        if "projected_change_percent" in info.data and projected is None:
            raise ValueError("is given, but projected_change_percent is not. Fill both, or clear this one.")
        metric = info.data.get("metric")
        if metric not in MAY_FALL_TO_NOTHING and value <= -_WHOLE:
            raise ValueError(f"{value:g} leaves nothing of {metric}. Give a change above -100, such as -20.")
        is_low = info.field_name == "projected_change_low_percent"
        if projected is not None and (value > projected if is_low else value < projected):
            side = "above" if is_low else "below"
            raise ValueError(f"{value:g} lies {side} projected_change_percent ({projected:g}). Correct one of the two.")
        return value

    @field_validator("funded_on")
    @classmethod
    def _before_the_launch(cls, value: date | None, info: ValidationInfo) -> date | None:
        launched = info.data.get("launched_on")
        if value is not None and launched is not None and value > launched:
            raise ValueError(f"{value} lies after launched_on ({launched}). Swap the two or correct one.")
        return value

    @property
    def controls_ruled_out(self) -> tuple[str, ...]:
        """The value streams of `excluded_controls`, one by one."""
        return tuple(name for part in (self.excluded_controls or "").split(";") if (name := part.strip()))


class PracticeEvent(Written):
    """One row of the practice events: a practice that was due on a day, and whether it was followed.

    Practices are those that keep an intervention's gain: a procedure reviewed, a training held, a step of work done
    the agreed way. `is_followed` stays empty while it is not known.
    """

    intervention: Text = Field(description="the id of an intervention of the register")
    date: Day = Field(description="the day on which the practice was due, as 2026-03-02")
    practice: Text = Field(description="what was due, such as review within a day")
    is_followed: bool | None = None


class Capacity(Written):
    """One row of the capacity: who there is of one role in one team, from a day until the role's next row there.

    `headcount` may be a fraction (a shared tester). `hours_per_week` are those one person works by contract;
    `absence_share` (0 to 1) is the part of them that leave, illness and training take on average.
    `cost_rate_per_hour` is what one paid hour costs, in the portfolio's currency.
    """

    team: Text = Field(description="the id of a team")
    role: Text = Field(description="the role, such as developer")
    valid_from: Day = Field(description="the first day on which the row holds, as 2026-01-05")
    headcount: Amount = Field(description="how many people, such as 6 or 2.5")
    hours_per_week: Annotated[float, Field(ge=0, le=HOURS_OF_A_WEEK, allow_inf_nan=False)] = Field(
        description="hours that one person works in a week, such as 38.5"
    )
    absence_share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    cost_rate_per_hour: Amount | None = None


class Objective(Written):
    """One row of the objectives: what a team set out to reach in an increment, and the business value it brought.

    Business values are on one scale of the portfolio's choice (SAFe: 1 to 10); `actual_business_value` stays empty
    until it is known. `committed` is false for stretch objectives.
    """

    increment: Text = Field(description="the id of an increment")
    team: Text = Field(description="the id of a team")
    objective_id: Identifier = Field(description="a short id of the objective")
    objective: Text = Field(description="the objective in a few words")
    committed: bool = Field(description="true, or false for a stretch objective")
    planned_business_value: Amount = Field(description="the business value planned, such as 8")
    actual_business_value: Amount | None = None


class Outcome(Written):
    """One row of the outcomes: what a business measure of a value stream was in a week.

    `week` is its Monday; `desired_direction` says which way is better.
    """

    week: Monday = Field(description="the Monday of the week, as 2026-01-05")
    value_stream: Text = Field(description="the id of a value stream")
    outcome: Text = Field(description="what is measured, such as satisfaction")
    value: Number = Field(description="the value in that week")
    unit: Text = Field(description="the unit of the value, such as points or days")
    desired_direction: Direction = Field(description="up or down")


class PersonRow(Written):
    """One row of the people as written: one identity of a person in one source, and the team and role it worked in.

    It holds names, and never leaves the package registers.
    """

    person: Text = Field(description="a word for the person, the same in all of its rows")
    source: Text = Field(description="the id of the source in which the identity is known")
    identity: Text = Field(description="the account, mail address or login as the tool exports it")
    team: Text = Field(description="the id of a team")
    role: Text | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None

    @field_validator("valid_to")
    @classmethod
    def _in_order(cls, value: date | None, info: ValidationInfo) -> date | None:
        return not_before(value, info.data.get("valid_from"), "valid_from")


class Person(Written):
    """One identity of a person, without any name: `person_id` and `identity_hash` are keyed hashes (pseudonyms.py)."""

    person_id: Text
    source: Text
    identity_hash: Text
    team: Text
    role: Text | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
