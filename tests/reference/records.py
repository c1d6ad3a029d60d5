"""What the tools and the portfolio file tell, as plain records: the only input of the reference.

Belongs here: records and the questions that a single record answers. Does not belong here: where they are read from
(warehouse_reading.py), what follows from them (every other file).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

UNASSIGNED = "unassigned"


@dataclass(frozen=True)
class Item:
    """A work item as its newest export shows it."""

    work_item_id: str
    source_id: str
    native_id: str
    item_key: str | None
    project: str | None
    item_type: str | None
    is_subtask: bool | None
    status_id: str | None
    status_name: str | None
    status_kind: str | None
    initial_status: str | None
    resolution: str | None
    labels: str | None
    components: Sequence[str] | None
    team_value: str | None
    flag_value: str | None
    blocked_reason: str | None
    estimate: float | None
    parent_ref: str | None
    created_at: datetime
    updated_at: datetime | None
    resolved_at: datetime | None
    n_histories_announced: int | None
    has_changelog: bool | None
    removed_at: datetime | None
    removal: str | None


@dataclass(frozen=True)
class Change:
    """One attribute changed by one entry of an item's history."""

    work_item_id: str
    history_key: str
    history_number: int | None
    history_position: int | None
    item_position: int | None
    changed_at: datetime
    attribute: str | None
    from_id: str | None
    from_value: str | None
    to_id: str | None
    to_value: str | None


@dataclass(frozen=True)
class Link:
    """The item <relation> the linked item, from linked_at (None: nobody knows) to unlinked_at (None: it stands)."""

    work_item_id: str
    linked_work_item_id: str
    relation: str
    linked_at: datetime | None
    unlinked_at: datetime | None


@dataclass(frozen=True)
class ExportedLink:
    """A link as one side of it tells it; `linked_ref` is the other side's id or key."""

    source_id: str
    work_item_id: str
    relation: str
    linked_ref: str | None
    linked_at: datetime | None
    unlinked_at: datetime | None


@dataclass(frozen=True)
class Census:
    """What a census of a tool's ids found of an item: present, not_visible or deleted."""

    source_id: str
    native_id: str
    census_state: str
    checked_at: datetime


@dataclass(frozen=True)
class KnownStatus:
    source_id: str
    status_id: str | None
    status_name: str | None
    status_kind: str | None


@dataclass(frozen=True)
class Dated:
    """A rule or mapping that may hold only from some day to another, both inclusive."""

    valid_from: date | None
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or day >= self.valid_from) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class MembershipRule(Dated):
    rule_position: int
    team_id: str
    source_id: str | None
    project: str | None
    component: str | None
    label: str | None
    item_type: str | None
    team_value: str | None


@dataclass(frozen=True)
class WorkTypeRule(Dated):
    rule_position: int
    level: str
    work_type: str
    source_id: str | None
    project: str | None
    item_type: str | None
    label: str | None


@dataclass(frozen=True)
class StageStatus(Dated):
    workflow_id: str
    stage_id: str
    status: str


@dataclass(frozen=True)
class WorkflowScope:
    workflow_id: str
    workflow_position: int
    level: str | None
    value_stream_id: str | None
    source_id: str | None


@dataclass(frozen=True)
class Stage:
    stage_id: str
    workflow_id: str
    stage_name: str
    stage_kind: str
    position: int
    is_commitment: bool
    is_counted: bool
    is_cancelled: bool
    is_unmapped: bool

    @property
    def is_declared(self) -> bool:
        """Did the portfolio's owner declare it, rather than Weir add it for what has no stage of its own?"""
        return not self.is_cancelled and not self.is_unmapped

    @property
    def place(self) -> int | None:
        """Its place on the way to done. Cancelled, and unmapped short of done, stand nowhere on that way."""
        if self.is_cancelled or (self.is_unmapped and self.stage_kind != "done"):
            return None
        return self.position


@dataclass(frozen=True)
class CancelledResolution:
    workflow_id: str
    resolution: str


@dataclass(frozen=True)
class BlockedRule:
    workflow_id: str
    blocked_kind: str
    value: str


@dataclass(frozen=True)
class Team:
    team_id: str
    team_name: str
    train_id: str
    value_stream_id: str


@dataclass(frozen=True)
class Train:
    train_id: str
    train_name: str
    value_stream_id: str


@dataclass(frozen=True)
class ValueStream:
    value_stream_id: str
    value_stream_name: str
    timezone: str


@dataclass(frozen=True)
class Increment:
    increment_id: str
    start_date: date
    end_date: date


@dataclass
class Told:
    """Everything the reference starts from."""

    as_of: datetime
    exported_items: list[Item]
    censuses: list[Census]
    changes: Mapping[str, Sequence[Change]]  # by work item
    exported_links: list[ExportedLink]
    statuses: list[KnownStatus]
    membership_rules: list[MembershipRule]
    work_type_rules: list[WorkTypeRule]
    workflow_scopes: list[WorkflowScope]
    stages: dict[str, Stage]
    stage_statuses: list[StageStatus]
    cancelled_resolutions: list[CancelledResolution]
    blocked_rules: list[BlockedRule]
    teams: dict[str, Team]
    trains: dict[str, Train]
    value_streams: dict[str, ValueStream]
    increments: list[Increment]

    @property
    def portfolio_timezone(self) -> str:
        """The zone of the unassigned value stream is the portfolio's own."""
        return self.value_streams[UNASSIGNED].timezone

    def timezone_of_team(self, team_id: str) -> str:
        return self.value_streams[self.teams[team_id].value_stream_id].timezone


@cache
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@cache
def local_day(moment: datetime, timezone: str) -> date:
    return moment.astimezone(zone(timezone)).date()


def seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()


def days(start: datetime, end: datetime) -> float:
    return seconds(start, end) / 86400
