"""One issue's changelog: every move and edit of a simulated life as a history entry.

Belongs here: what Jira writes into a changelog for each kind of change. Does not belong here: the issue around it and
what of its changelog is embedded (``jira_export``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from orchestration.portfolio.example import records, scenario
from orchestration.portfolio.example.jira_sprints import sprint_at, sprints_by_team
from orchestration.portfolio.example.jira_timestamps import Timestamps
from orchestration.portfolio.example.jira_vocabulary import (
    FIELD_NAMES,
    IMPEDIMENT,
    IMPEDIMENT_ID,
    ISSUE_TYPES,
    PROJECT_IDS,
    PROJECT_NAMES,
    RESOLUTION_IDS,
    JiraInstance,
    Json,
)
from orchestration.portfolio.example.records import SimulatedItem

RENAMED_MS = round(scenario.STATUS_RENAMED_AT.timestamp() * 1000)
ENDED = (records.DONE, records.CANCELLED)
PEOPLE = 8
Value = tuple[str | None, str | None]
"""A value as a changelog writes it: its id and its text."""
NOTHING: Value = (None, None)
EMPTY: Value = ("", "")
_REASONS = (scenario.ENVIRONMENT, scenario.OTHER_TEAM, scenario.DECISION)
_FIBONACCI = (1.0, 2.0, 3.0, 5.0, 8.0, 13.0)


class HistoryWriter:
    """Writes the changelogs of one Jira instance's issues."""

    def __init__(self, instance: JiraInstance) -> None:
        self.jira = instance
        self.text = Timestamps(utc=instance.writes_utc)
        self.people = {team.id: _people(team.id) for stream in scenario.VALUE_STREAMS for team in stream.teams}
        self.sprints = sprints_by_team(instance.source_id)
        self._status_changes: dict[tuple[str, str, bool], Json] = {}
        self._edits: dict[str, Callable[[SimulatedItem, int, Any], list[Json]]] = {
            records.REFINED: self._refined,
            records.FLAGGED: self._flagged,
            records.UNFLAGGED: self._unflagged,
            records.RETYPED: self._retyped,
            records.PROJECT_MOVED: self._moved,
            records.HANDED_OVER: self._handed_over,
            records.LINKED: self._linked,
            records.EDITED: self._edited,
        }

    def histories(self, item: SimulatedItem) -> list[Json]:
        """All changelog entries, oldest first; moves and edits of the same moment keep the simulation's order."""
        changes: list[tuple[int, list[Json]]] = []
        before = item.moves[0][1]
        for position in range(1, len(item.moves)):
            at, after = item.moves[position]
            if position not in item.gaps:
                changes.append((at, self._move(item, at, before, after)))
            before = after
        changes += [(at, self._edits[kind](item, at, value)) for at, kind, value in item.edits]
        changes.sort(key=_moment)
        first_id = item.native_id * 1000
        author = {"accountId": self.developer(item)}
        return [
            {"id": str(first_id + position), "author": author, "created": self.text(at), "items": entries}
            for position, (at, entries) in enumerate(changes)
        ]

    def developer(self, item: SimulatedItem) -> str:
        """The invented account id of the one who works on the item."""
        return self.people[item.team.id][item.title_seed % (PEOPLE - 1)]

    def reporter(self, item: SimulatedItem) -> str:
        """The invented account id of the one who wrote the item."""
        return self.people[item.team.id][-1]

    def sprint(self, item: SimulatedItem, at_ms: int) -> Json:
        """The team's sprint at an instant."""
        return sprint_at(self.sprints[item.team.id], at_ms)

    def _move(self, item: SimulatedItem, at: int, before: str, after: str) -> list[Json]:
        entries = [self._status_change(before, after, old_names=at < RENAMED_MS)]
        if after == records.BUILD and before == records.READY:
            person = self.developer(item)
            entries.append(_change("assignee", NOTHING, (person, person[-6:])))
        elif after in ENDED:
            entries.append(_change("resolution", NOTHING, resolution(item, after)))
        elif before in ENDED:
            entries.append(_change("resolution", resolution(item, before), NOTHING))
        return entries

    def _status_change(self, before: str, after: str, *, old_names: bool) -> Json:
        # Few kinds of move occur in many thousand histories, so each is made once.
        change = self._status_changes.get((before, after, old_names))
        if change is None:
            old, new = (
                (self.jira.status_ids[stage], self.jira.status_name(stage, before_rename=old_names))
                for stage in (before, after)
            )
            change = self._status_changes[before, after, old_names] = _change("status", old, new)
        return change

    def _refined(self, item: SimulatedItem, at: int, _: object) -> list[Json]:
        sprint = self.sprint(item, at)
        entries = [self._custom("sprint", EMPTY, (str(sprint["id"]), sprint["name"]))]
        points = story_points(item)
        if points is not None:
            entries.append(self._custom("estimate", NOTHING, (None, f"{points:g}")))
        return entries

    def _flagged(self, _: SimulatedItem, __: int, reason: str) -> list[Json]:
        return [
            self._custom("flagged", EMPTY, (f"[{IMPEDIMENT_ID}]", IMPEDIMENT)),
            self._custom("blocked_reason", EMPTY, _option(reason)),
        ]

    def _unflagged(self, _: SimulatedItem, __: int, reason: str) -> list[Json]:
        return [
            self._custom("flagged", (f"[{IMPEDIMENT_ID}]", IMPEDIMENT), EMPTY),
            self._custom("blocked_reason", _option(reason), EMPTY),
        ]

    def _retyped(self, _: SimulatedItem, __: int, kinds: tuple[str, str]) -> list[Json]:
        before, after = kinds
        return [_change("issuetype", (ISSUE_TYPES[before], before), (ISSUE_TYPES[after], after))]

    def _moved(self, item: SimulatedItem, _: int, __: object) -> list[Json]:
        old, new = str(item.came_from_project), item.team.project
        return [
            _change("project", (PROJECT_IDS[old], PROJECT_NAMES[old]), (PROJECT_IDS[new], PROJECT_NAMES[new])),
            _change("Key", (None, item.old_key), (None, item.key), has_id=False),
        ]

    def _handed_over(self, item: SimulatedItem, _: int, giver: scenario.Team) -> list[Json]:
        # Jira tells what a field of many values loses and what it gains apart.
        return [self._team(giver, is_lost=True), self._team(item.team, is_lost=False)]

    def _team(self, team: scenario.Team, *, is_lost: bool) -> Json:
        """What says whose the issue is, lost or gained: the team field in SRV, a component elsewhere."""
        number = str(10500 + list(self.people).index(team.id))
        if team.project == "SRV":
            value = (number, team.name)
            return self._custom("team", value, EMPTY) if is_lost else self._custom("team", EMPTY, value)
        component = (number, team.component)
        before, after = (component, NOTHING) if is_lost else (NOTHING, component)
        return {**_change("Component", before, after, has_id=False), "fieldId": "components"}

    def _linked(self, item: SimulatedItem, _: int, other: SimulatedItem) -> list[Json]:
        words = "blocks" if item.blocks is other else "is blocked by"
        return [_change("Link", NOTHING, (other.key, f"This issue {words} {other.key}"), has_id=False)]

    def _edited(self, _: SimulatedItem, at: int, field: str) -> list[Json]:
        if field == "Rank":
            return [self._custom("rank", EMPTY, ("", "Ranked higher"))]
        return [_change(field, (None, f"wording {at % 97}"), (None, f"wording {at % 89}"))]

    def _custom(self, role: str, before: Value, after: Value) -> Json:
        return {**_change(FIELD_NAMES[role], before, after), "fieldtype": "custom", "fieldId": self.jira.fields[role]}


def story_points(item: SimulatedItem) -> float | None:
    """The estimate that goes with the item's size; bugs are not estimated."""
    if item.level != "story" or item.kind == "Bug":
        return None
    step = sum(item.size > limit for limit in (0.5, 0.75, 1.1, 1.7, 2.6))
    return _FIBONACCI[step]


def resolution(item: SimulatedItem, status: str) -> tuple[str, str]:
    """Id and name of the resolution with which the item is closed in a status."""
    name = "Won't Do" if status == records.CANCELLED else item.resolution or "Done"
    return RESOLUTION_IDS[name], name


def _change(field: str, before: Value, after: Value, *, has_id: bool = True) -> Json:
    identified = {"fieldId": field} if has_id else {}
    return {
        "field": field,
        "fieldtype": "jira",
        **identified,
        "from": before[0],
        "fromString": before[1],
        "to": after[0],
        "toString": after[1],
    }


def _option(reason: str) -> tuple[str, str]:
    return str(10300 + _REASONS.index(reason)), reason


def _people(team: str) -> list[str]:
    """Invented account ids of a team's members."""
    return [hashlib.sha256(f"{team}/{n}".encode()).hexdigest()[:24] for n in range(PEOPLE)]


def _moment(change: tuple[int, list[Json]]) -> int:
    return change[0]
