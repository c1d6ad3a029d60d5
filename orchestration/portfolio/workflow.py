"""The models of a workflow: its stages, the tool's statuses that mean them, and the days on which a mapping holds.

Belongs here: keys, types and defaults of `workflows` in portfolio.yaml. Does not belong here: what must hold between
the stages of a workflow, or between workflows (references.py).
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from orchestration.portfolio.value_types import Day, Text, UndottedIdentifier, Written, name_from_id, not_before

Level = Literal["story", "feature", "capability", "epic"]
StageKind = Literal["queue", "active", "done"]


class Validity(Written):
    """Days from which and to which (both inclusive) a mapping holds; not given means always."""

    valid_from: Day | None = None
    valid_to: Day | None = None

    @field_validator("valid_to")
    @classmethod
    def _in_order(cls, value: date | None, info: ValidationInfo) -> date | None:
        return not_before(value, info.data.get("valid_from"), "valid_from")


class StatusMapping(Validity):
    """A status of the tool that means a stage; a bare text is the short form."""

    status: Text = Field(description="the name of the status in the tool")

    @classmethod
    def from_text(cls, text: str, /) -> dict[str, Any]:
        """A bare text is a status that always held."""
        return {"status": text}


class Stage(Written):
    """A step of a workflow. `counted: false` puts it outside flow time, as an idea backlog is."""

    id: UndottedIdentifier = Field(description="a short id of the stage, such as build")
    name: Text = Field(default_factory=name_from_id)
    kind: StageKind = Field(description="queue (work waits), active (someone works) or done")
    commitment: bool = False
    counted: bool = True
    wip_limit: Annotated[int, Field(ge=1)] | None = None
    roles: list[Text] = Field(default=[])
    statuses: list[StatusMapping] = Field(min_length=1, description="the tool's statuses that mean this stage")


class AppliesTo(Written):
    """Which items a workflow is for; a dimension that is not given means any."""

    levels: Annotated[list[Level], Field(min_length=1)] | None = None
    value_streams: Annotated[list[Text], Field(min_length=1)] | None = None
    sources: Annotated[list[Text], Field(min_length=1)] | None = None


class Cancelled(Written):
    """How a tool says that an item was given up."""

    statuses: list[StatusMapping] = Field(default=[])
    resolutions: list[Text] = Field(default=[])


class Blocked(Written):
    """How a tool says that an item is blocked, beside its flag."""

    statuses: list[Text] = Field(default=[])
    labels: list[Text] = Field(default=[])


class Workflow(Written):
    """The stages of a kind of work, in order; the first workflow in the file that applies to an item is its own."""

    id: UndottedIdentifier = Field(description="a short id of the workflow, such as delivery")
    name: Text = Field(default_factory=name_from_id)
    applies_to: AppliesTo = Field(default=AppliesTo())
    stages: list[Stage] = Field(min_length=1, description="the steps in order, each with id, kind and statuses")
    cancelled: Cancelled = Field(default=Cancelled())
    blocked: Blocked = Field(default=Blocked())
