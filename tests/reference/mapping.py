"""Who an item belongs to and which stage it is in, at each moment of its life.

Written from design.md ("membership: first match wins; what matches nothing goes to an 'unassigned' team"), metrics.md
("Stage", "Membership") and DECISIONS.md ("A status that nobody mapped", "When is the same work counted once?").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tests.reference.histories import Facts, History, project_of
from tests.reference.records import UNASSIGNED, Item, KnownStatus, Link, Stage, Told, local_day


@dataclass(frozen=True)
class Membership:
    team_id: str
    value_stream_id: str
    level: str | None
    work_type: str | None
    workflow_id: str | None


@dataclass(frozen=True)
class Placed:
    """From this moment on the item is of this membership and in this stage (None while no workflow counts it)."""

    at: datetime
    facts: Facts
    membership: Membership
    stage: Stage | None


class Mapping:
    """The portfolio's rules, asked one item and moment at a time."""

    def __init__(self, told: Told, items: Iterable[Item]) -> None:
        self.told = told
        self._statuses = _statuses_today(told, items)
        self._memberships: dict[tuple[object, ...], Membership] = {}
        self._stages: dict[tuple[object, ...], Stage] = {}

    def placed(self, history: History) -> list[Placed]:
        """The item's life with its membership and stage at each moment."""
        rows = []
        for moment in history.moments:
            day = local_day(moment.at, self.told.portfolio_timezone)
            membership = self._membership(history.item, moment.facts, day)
            stage = None
            if membership.workflow_id is not None:
                stage = self._stage(history.item.source_id, membership.workflow_id, moment.facts, day)
            rows.append(Placed(moment.at, moment.facts, membership, stage))
        return rows

    def _membership(self, item: Item, facts: Facts, day: date) -> Membership:
        project = project_of(item, facts.key)
        asked = (
            item.source_id, project, facts.components, facts.labels, facts.type, facts.team, item.is_subtask, day
        )  # fmt: skip
        if asked not in self._memberships:
            self._memberships[asked] = self._decide(item, facts, day, project)
        return self._memberships[asked]

    def _decide(self, item: Item, facts: Facts, day: date, project: str | None) -> Membership:
        labels = facts.labels.split("\n")
        team_id = UNASSIGNED
        for rule in sorted(self.told.membership_rules, key=lambda rule: rule.rule_position):
            if (
                rule.holds_on(day)
                and rule.source_id in {None, item.source_id}
                and rule.project in {None, project}
                and (rule.component is None or rule.component in facts.components)
                and (rule.label is None or rule.label in labels)
                and (rule.item_type is None or _same(rule.item_type, facts.type))
                and (rule.team_value is None or _same(rule.team_value, facts.team))
            ):
                team_id = rule.team_id
                break
        level = work_type = None
        for rule in sorted(self.told.work_type_rules, key=lambda rule: rule.rule_position):
            # A sub-task is counted only where a rule names its type.
            is_type = not item.is_subtask if rule.item_type is None else _same(rule.item_type, facts.type)
            if (
                is_type
                and rule.holds_on(day)
                and rule.source_id in {None, item.source_id}
                and rule.project in {None, project}
                and (rule.label is None or rule.label in labels)
            ):
                level, work_type = rule.level, rule.work_type
                break
        value_stream_id = self.told.teams[team_id].value_stream_id
        workflow_id = None
        if level is not None:
            for scope in sorted(self.told.workflow_scopes, key=lambda scope: scope.workflow_position):
                if (
                    scope.level in {None, level}
                    and scope.value_stream_id in {None, value_stream_id}
                    and scope.source_id in {None, item.source_id}
                ):
                    workflow_id = scope.workflow_id
                    break
        return Membership(team_id, value_stream_id, level, work_type, workflow_id)

    def _stage(self, source_id: str, workflow_id: str, facts: Facts, day: date) -> Stage:
        asked = (source_id, workflow_id, facts.status, facts.status_id, facts.resolution, day)
        if asked not in self._stages:
            self._stages[asked] = self._find_stage(source_id, workflow_id, facts, day)
        return self._stages[asked]

    def _find_stage(self, source_id: str, workflow_id: str, facts: Facts, day: date) -> Stage:
        today = self._statuses.get((source_id, facts.status_id)) if facts.status_id else None
        names = [facts.status, today.status_name if today else None]
        stage_id = next(
            (found for name in names if name and (found := self._mapped(workflow_id, name, day)) is not None), None
        )
        if stage_id is None:
            stage_id = f"{workflow_id}.unmapped-{self._tool_kind(source_id, facts, today)}"
        stage = self.told.stages[stage_id]
        is_cancelled = any(
            rule.workflow_id == workflow_id and _same(rule.resolution, facts.resolution)
            for rule in self.told.cancelled_resolutions
        )
        if stage.stage_kind == "done" and is_cancelled:
            return self.told.stages[f"{workflow_id}.cancelled"]
        return stage

    def _mapped(self, workflow_id: str, name: str, day: date) -> str | None:
        for mapping in self.told.stage_statuses:
            if mapping.workflow_id == workflow_id and mapping.holds_on(day) and _same_name(mapping.status, name):
                return mapping.stage_id
        return None

    def _tool_kind(self, source_id: str, facts: Facts, today: KnownStatus | None) -> str:
        """By the status's id, else by its name; what the tool does not know either waits."""
        if today is not None and today.status_kind:
            return today.status_kind
        kinds = [
            status.status_kind
            for (source, _), status in self._statuses.items()
            if source == source_id and _same_name(status.status_name, facts.status) and status.status_kind
        ]
        return max(kinds, default="queue")


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.lower() == other.lower()


def _same_name(one: str | None, other: str | None) -> bool:
    """Names of statuses come through many hands: neither case nor spaces around them count."""
    return one is not None and other is not None and one.strip().lower() == other.strip().lower()


def _statuses_today(told: Told, items: Iterable[Item]) -> dict[tuple[str, str | None], KnownStatus]:
    """Each status under the name it has today: the list's word first, else that of the item exported last."""
    found: dict[tuple[str, str | None], KnownStatus] = {}

    def learn(status: KnownStatus) -> None:
        if status.status_name is not None:
            found[status.source_id, status.status_id or status.status_name.lower()] = status

    by_age = sorted(
        (item for item in items if item.status_name is not None),
        key=lambda item: item.updated_at.timestamp() if item.updated_at else 0.0,
    )
    for item in by_age:
        learn(KnownStatus(item.source_id, item.status_id, item.status_name, item.status_kind))
    for status in told.statuses:
        learn(status)
    return found


def counted(placed: Sequence[Placed], born_at: datetime) -> list[Placed]:
    """The moments at which a workflow counts the item; none if it counts none today.

    An item that became counted later (a sub-task made a story) is counted from its birth.
    """
    if placed[-1].stage is None:
        return []
    rows = [row for row in placed if row.stage is not None]
    first = rows[0]
    return [Placed(born_at, first.facts, first.membership, first.stage), *rows[1:]]


def duplicates(links: Sequence[Link], items: dict[str, Item], lives: dict[str, Sequence[Placed]]) -> dict[str, str]:
    """Items that an explicit link calls the duplicate of a standing item of another source, and of which."""

    def stands(item: Item) -> bool:
        is_there = item.removed_at is None or item.status_kind == "done"
        return is_there and lives[item.work_item_id][-1].stage is not None

    pairs = {
        (link.work_item_id, link.linked_work_item_id)
        for link in links
        if link.relation == "duplicates"
        and link.unlinked_at is None
        and items[link.work_item_id].source_id != items[link.linked_work_item_id].source_id
        and stands(items[link.linked_work_item_id])
    }
    found: dict[str, str] = {}
    for item, original in sorted(pairs):
        # Of two that call each other duplicates one has to stay: the one that sorts first.
        if (original, item) in pairs and item < original:
            continue
        found.setdefault(item, original)
    return found
