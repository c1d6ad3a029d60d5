"""What a portfolio is: the models of portfolio.yaml, which are the authority.

Belongs here: keys, types, defaults and everything that can be judged from one value, or one mapping, alone. Does not
belong here: workflows (workflow.py), how a source is read (source_reading.py), rows of registers (register_rows.py),
reading files (loader.py, registers) and rules between parts of the file (references.py).

The descriptions of the fields are shown to people whose file lacks the key, so each reads on after "Add it:".
"""

from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from orchestration.portfolio.analysis_settings import Analysis
from orchestration.portfolio.live_pull import Pull
from orchestration.portfolio.notify_settings import Notify
from orchestration.portfolio.register_rows import (
    Capacity,
    Intervention,
    Objective,
    Outcome,
    Person,
    PracticeEvent,
)
from orchestration.portfolio.source_reading import Environments, StatusReading, TextFormat, Tool
from orchestration.portfolio.value_types import (
    DEFAULT_LOCATION,
    AnyOf,
    ClockTime,
    CustomField,
    Day,
    Identifier,
    LocationIdentifier,
    ScopeIdentifier,
    Text,
    TimeZone,
    VariableName,
    Written,
    name_from_id,
    not_before,
)
from orchestration.portfolio.workflow import Level, Validity, Workflow
from orchestration.portfolio.working_time import unknown_region

WorkType = Literal["feature", "enabler", "defect", "debt", "risk"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Identity(Written):
    """The portfolio itself."""

    id: Identifier = Field(description="a short id of the portfolio, such as northwind")
    name: Text = Field(default_factory=name_from_id)
    timezone: TimeZone = Field(description="the IANA time zone in which days are cut, such as Europe/Berlin")
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] | None = None


class Closure(Written):
    """A day, or all days from `from` to `to` inclusive, on which nobody works; a bare date is the short form."""

    first_day: Day = Field(alias="from", description="the first closed day, as 2026-12-24")
    last_day_given: Day | None = Field(default=None, alias="to")
    reason: Text | None = None

    @property
    def last_day(self) -> date:
        """The last closed day; the first one if no other is given."""
        return self.last_day_given or self.first_day

    @classmethod
    def from_text(cls, text: str, /) -> dict[str, Any]:
        """A bare date closes that one day."""
        return {"from": text}

    @field_validator("last_day_given")
    @classmethod
    def _in_order(cls, value: date | None, info: ValidationInfo) -> date | None:
        return not_before(value, info.data.get("first_day"), "from")


class Calendar(Written):
    """Working days and hours of the portfolio; without a country there are no public holidays."""

    country: Text | None = None
    subdivision: Text | None = None
    working_days: list[Weekday] = Field(default=["mon", "tue", "wed", "thu", "fri"], min_length=1, max_length=7)
    hours: list[ClockTime] = Field(default=["09:00", "17:00"], min_length=2, max_length=2)
    closed: list[Closure] = Field(default=[])

    @field_validator("hours")
    @classmethod
    def _day_has_hours(cls, value: list[str]) -> list[str]:
        if value[0] >= value[1]:
            raise ValueError(f"the day ends at {value[1]}, not after its start at {value[0]}. Swap or correct them.")
        return value

    @field_validator("country")
    @classmethod
    def _country_has_holidays(cls, value: str | None) -> str | None:
        if value is not None and (problem := unknown_region(value, None)):
            raise ValueError(problem)
        return value

    @field_validator("subdivision")
    @classmethod
    def _subdivision_of_country(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None or "country" not in info.data:
            return value
        country = info.data["country"]
        if country is None:
            raise ValueError("is given without 'country'. Add the country's two-letter code.")
        if problem := unknown_region(country, value):
            raise ValueError(problem)
        return value

    @property
    def day_start(self) -> time:
        """When the working day starts."""
        return time.fromisoformat(self.hours[0])

    @property
    def day_end(self) -> time:
        """When the working day ends."""
        return time.fromisoformat(self.hours[1])


class WorkLocation(Calendar):
    """A place where people have other holidays, working days or hours than the portfolio's calendar says.

    What it leaves out is as in `calendar`, but for the part of the country, which belongs to the country. Its hours are
    those of the clock in `timezone`; without one, of the value stream's clock.
    """

    id: LocationIdentifier = Field(description="a short id of the place, such as krakow")
    timezone: TimeZone | None = None

    def calendar_after(self, default: Calendar) -> Calendar:
        """The whole calendar of the place, given the portfolio's."""
        own = {name: getattr(self, name) for name in Calendar.model_fields if name in self.model_fields_set}
        if "country" in own:
            own.setdefault("subdivision", None)
        return default.model_copy(update=own)


class Increment(Written):
    """A planning increment; `end` is its last day."""

    id: Identifier = Field(description="an id of the increment, such as PI-26.1")
    name: Text = Field(default_factory=name_from_id)
    start: Day = Field(description="the first day, as 2026-01-05")
    end: Day = Field(description="the last day, as 2026-03-29")

    @field_validator("end")
    @classmethod
    def _in_order(cls, value: date, info: ValidationInfo) -> date:
        not_before(value, info.data.get("start"), "start")
        return value


class Team(Written):
    """A team; its name is its id if none is given."""

    id: ScopeIdentifier = Field(description="a short id of the team, such as checkout")
    name: Text = Field(default_factory=name_from_id)
    location_id: Text | None = Field(default=None, alias="location")


class Train(Written):
    """A train (a team of teams); its teams work where it does, unless they say otherwise."""

    id: ScopeIdentifier = Field(description="a short id of the train, such as payments-art")
    name: Text = Field(default_factory=name_from_id)
    location_id: Text | None = Field(default=None, alias="location")
    teams: list[Team] = Field(default=[])


class ValueStream(Written):
    """A value stream; without a time zone of its own it has the portfolio's, without a location its calendar."""

    id: ScopeIdentifier = Field(description="a short id of the value stream, such as payments")
    name: Text = Field(default_factory=name_from_id)
    timezone: TimeZone | None = None
    location_id: Text | None = Field(default=None, alias="location")
    trains: list[Train] = Field(default=[])


class Source(Written):
    """One instance of a tool.

    `exports` is a folder, a glob or an object store's URL, as written; a relative path starts at the portfolio folder.
    """

    id: Identifier = Field(description="a short id of the source; it becomes part of every key")
    tool: Tool = Field(description="the tool the exports come from, such as jira")
    exports: Text = Field(description="the folder of the exports, such as exports/jira-main")
    statuses: StatusReading = Field(default=StatusReading())
    environments: Environments = Field(default=Environments())
    format: TextFormat = Field(default=TextFormat())
    pull: Pull | None = None

    @field_validator("pull")
    @classmethod
    def _tool_can_be_pulled(cls, value: Pull | None, info: ValidationInfo) -> Pull | None:
        if value is None or not {"tool", "exports"} <= info.data.keys():
            return value
        return value.checked_for(info.data["tool"], info.data["exports"])


class MembershipConditions(Written):
    """What an item must have, all of it, to belong to a team; each value may be a list (any of)."""

    source: AnyOf | None = None
    project: AnyOf | None = None
    component: AnyOf | None = None
    label: AnyOf | None = None
    type: AnyOf | None = None
    team: AnyOf | None = None


class MembershipRule(Validity):
    """Items that meet `when` belong to `team`; the first rule that matches wins, one without `when` matches all."""

    team: Text = Field(description="the id of a team")
    when: MembershipConditions = Field(default=MembershipConditions())


class WorkTypeConditions(Written):
    """What an item must have, all of it, to be of a level and work type; each value may be a list (any of)."""

    source: AnyOf | None = None
    project: AnyOf | None = None
    type: AnyOf | None = None
    label: AnyOf | None = None


class WorkTypeRule(Validity):
    """Level and flow-distribution type of the items that meet `when`; the first rule that matches wins."""

    level: Level = Field(description="story, feature, capability or epic")
    work_type: WorkType = Field(description="feature, enabler, defect, debt or risk")
    when: WorkTypeConditions = Field(default=WorkTypeConditions())


class DefectRule(Written):
    """Which defects are of a special kind: those that meet `when`, by what they are as of the refresh."""

    when: WorkTypeConditions = Field(description="source, project, type or label, such as {label: production}")

    @field_validator("when")
    @classmethod
    def _asks_for_something(cls, value: WorkTypeConditions) -> WorkTypeConditions:
        if not value.model_fields_set:
            raise ValueError("asks for nothing, so every defect would count. Name a source, project, type or label.")
        return value


class Quality(Written):
    """What the tools say of defects beside their work type; what has no rule is not measured."""

    escaped_defects: DefectRule | None = None
    safety_defects: DefectRule | None = None


class SourceFields(Written):
    """Where one source keeps what the standard fields do not hold."""

    estimate: CustomField | None = None
    team: CustomField | None = None
    parent: CustomField | None = None
    flagged: CustomField | None = None
    blocked_reason: CustomField | None = None
    sprint: CustomField | None = None


class Gate(Written):
    """Limits beyond which a refresh publishes nothing."""

    max_quarantined_share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.01


class Privacy(Written):
    """Where the key lies that people's identities are hashed with: in the environment variable `key_env` names.

    Without one, a key is made once for the portfolio and kept in its folder, out of the exports.
    """

    key_env: VariableName | None = None


class PortfolioFile(Written):
    """The whole of portfolio.yaml."""

    portfolio: Identity = Field(description="the portfolio's id and timezone")
    calendar: Calendar = Field(default=Calendar())
    locations: list[WorkLocation] = Field(default=[])
    increments: list[Increment] = Field(default=[])
    value_streams: list[ValueStream] = Field(default=[])
    sources: list[Source] = Field(default=[])
    workflows: list[Workflow] = Field(default=[])
    membership: list[MembershipRule] = Field(default=[])
    work_types: list[WorkTypeRule] = Field(default=[])
    fields: dict[str, SourceFields] = Field(default={})
    quality: Quality = Field(default=Quality())
    analysis: Analysis = Field(default=Analysis())
    gate: Gate = Field(default=Gate())
    keep_generations: Annotated[int, Field(ge=1)] = 5
    notify: Notify = Field(default=Notify())
    privacy: Privacy = Field(default=Privacy())


class Portfolio(PortfolioFile):
    """A portfolio that has been checked: the file, its registers, and the hash of what they were read from.

    Attributes:
        folder: The portfolio folder, absolute.
        interventions: The rows of the register of interventions in file order; likewise the registers below.
        practice_events: Whether the practices that keep a gain were followed.
        capacity: Who there is in each team and role, from which day on.
        objectives: What teams set out to reach in each increment.
        outcomes: Weekly business outcomes of value streams.
        people: Identities of people across tools, hashed: no name is in them.
        content_hash: SHA-256 (hex) over the bytes of portfolio.yaml and of the registers that were read.
    """

    folder: Path
    interventions: list[Intervention] = Field(default=[])
    practice_events: list[PracticeEvent] = Field(default=[])
    capacity: list[Capacity] = Field(default=[])
    objectives: list[Objective] = Field(default=[])
    outcomes: list[Outcome] = Field(default=[])
    people: list[Person] = Field(default=[])
    content_hash: str

    @property
    def calendars(self) -> dict[str, Calendar]:
        """The calendar of each location, the portfolio's own first."""
        own = {location.id: location.calendar_after(self.calendar) for location in self.locations}
        return {DEFAULT_LOCATION: self.calendar, **own}
