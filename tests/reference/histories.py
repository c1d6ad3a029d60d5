"""The life of an item as the tools tell it: entries in the tool's own order, birth, and what held from when on.

Written from metrics.md ("A history that begins late", "Two changes in the same second keep the tool's own order",
"As-of") and DECISIONS.md ("Where is an item whose changes do not lead to the status its newest export shows?", "When
did an attribute that never changed begin to hold?", "What becomes of an item that is gone from its tool?").
"""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from tests.reference.records import Change, Dated, Item, Told, seconds, zone

FOLLOWED = ("status", "resolution", "key", "type", "team", "flagged", "labels", "blocked_reason", "components")
UNKNOWN = "Unknown"
# What a tool stamps within one request may be this many seconds apart.
ONE_REQUEST = 60


@dataclass
class Entry:
    """One entry of an item's history, with the followed attributes it changed."""

    key: str
    at: datetime
    number: int | None
    position: int | None
    changed: dict[str, Change] = field(default_factory=dict)
    component_changes: list[Change] = field(default_factory=list)  # one for each that came or went


@dataclass(frozen=True)
class Facts:
    """What held of an item from some moment on."""

    status: str | None
    status_id: str | None
    resolution: str | None
    key: str | None
    type: str | None
    team: str | None
    flagged: str | None
    labels: str
    blocked_reason: str | None
    components: frozenset[str]


@dataclass(frozen=True)
class Moment:
    """Something about an item may have changed; `day` is the portfolio's local day, for rules that are dated."""

    at: datetime
    facts: Facts


@dataclass
class History:
    """An item's whole life, and what is wrong with the record of it."""

    item: Item
    moments: list[Moment]
    is_truncated: bool
    is_broken: bool
    is_end_inferred: bool

    @property
    def is_usable(self) -> bool:
        return not self.is_truncated and not self.is_broken


def history_of(item: Item, told: Told, boundaries: Sequence[datetime]) -> History:
    """Build the life of one item."""
    changes = told.changes.get(item.work_item_id, [])
    entries = entries_in_order(changes)
    status_entries = [entry for entry in entries if "status" in entry.changed]
    is_unexplained = _is_done_without_a_change(item, has_status_change=bool(status_entries))
    return History(
        item,
        moments=_moments(item, entries, status_entries, told, boundaries, is_unexplained=is_unexplained),
        is_truncated=_is_truncated(item, changes),
        is_broken=_is_broken(item, status_entries) or is_unexplained,
        is_end_inferred=item.resolved_at is None and (is_unexplained or _ends_elsewhere(item, status_entries)),
    )


def entries_in_order(changes: Sequence[Change], attributes: Collection[str] = FOLLOWED) -> list[Entry]:
    """Entries that changed one of the attributes, by time; two of one moment by the tool's number, else by place.

    Some exports list the newest first; the followed part of the list tells which way it runs.
    """
    by_key: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.attribute in attributes:
            by_key[change.history_key].append(change)
    entries = []
    for key, found in by_key.items():
        first = found[0]
        entry = Entry(key, first.changed_at, first.history_number, first.history_position)
        entry.changed = {change.attribute: change for change in found if change.attribute != "components"}
        entry.component_changes = [change for change in found if change.attribute == "components"]
        entries.append(entry)
    in_export = sorted(
        (change for change in changes if change.attribute in FOLLOWED and change.history_position is not None),
        key=lambda change: change.history_position,
    )
    is_newest_first = bool(in_export) and in_export[0].changed_at > in_export[-1].changed_at

    def order(entry: Entry) -> tuple[datetime, float, float, str]:
        place = entry.position if entry.position is not None else float("inf")
        number = entry.number if entry.number is not None else float("inf")
        return entry.at, number, -place if is_newest_first else place, entry.key

    return sorted(entries, key=order)


def boundaries(told: Told) -> list[datetime]:
    """The local midnights of the portfolio at which some mapping begins to hold or has ended."""
    dated: list[Dated] = [*told.stage_statuses, *told.membership_rules, *told.work_type_rules]
    days: set[date] = {rule.valid_from for rule in dated if rule.valid_from}
    days |= {rule.valid_to + timedelta(days=1) for rule in dated if rule.valid_to}
    own_zone = zone(told.portfolio_timezone)
    return [datetime.combine(day, time.min, tzinfo=own_zone) for day in sorted(days)]


def _moments(
    item: Item,
    entries: list[Entry],
    status_entries: list[Entry],
    told: Told,
    boundaries: Sequence[datetime],
    *,
    is_unexplained: bool,
) -> list[Moment]:
    born_at = min([item.created_at, *(entry.at for entry in entries[:1])])
    facts = _facts_at_birth(item, entries, is_unexplained=is_unexplained)
    # What happens, as (when, order within one moment, what of it changes); a boundary comes before a change.
    sets = _component_sets(item, entries)
    happenings: list[tuple[datetime, int, dict[str, Any]]] = [
        (boundary, -1, {})
        for boundary in boundaries
        if born_at < boundary <= told.as_of and (item.removed_at is None or boundary < item.removed_at)
    ]
    happenings += [
        (entry.at, number, {**_changed_by(entry), "components": sets[number]})
        for number, entry in enumerate(entries, start=1)
        if entry.at <= told.as_of and _belongs_to_life(entry.at, item)
    ]
    if is_unexplained or _ends_elsewhere(item, status_entries):
        closed_at = _closing(item, status_entries)
        if closed_at is not None and closed_at <= told.as_of and _belongs_to_life(closed_at, item):
            happenings.append((closed_at, len(entries) + 1, {"status": item.status_name, "status_id": item.status_id}))
    moments = [Moment(born_at, facts)]
    for at, _, changed in sorted(happenings, key=lambda happening: happening[:2]):
        facts = Facts(**{**facts.__dict__, **changed})
        moments.append(Moment(at, facts))
    return moments


def _facts_at_birth(item: Item, entries: list[Entry], *, is_unexplained: bool) -> Facts:
    """What the first change begins from held at birth, whenever it came; what never changed always held."""
    now = {
        "status": item.initial_status or item.status_name,
        "resolution": item.resolution,
        "key": item.item_key,
        "type": item.item_type,
        "team": item.team_value,
        "flagged": item.flag_value,
        "labels": item.labels or "",
        "blocked_reason": item.blocked_reason,
    }
    then: dict[str, str | None] = dict(now)
    status_id = item.status_id
    for entry in reversed(entries):
        for attribute, change in entry.changed.items():
            then[attribute] = _value(attribute, change.from_value)
            if attribute == "status":
                status_id = change.from_id or None
    if is_unexplained:
        then["status"], status_id = UNKNOWN, None
    return Facts(**then, status_id=status_id, components=_component_sets(item, entries)[0])


def _component_sets(item: Item, entries: list[Entry]) -> list[frozenset[str]]:
    """The components at birth and after each entry, gone back over from today's: an entry names what came or went."""
    sets = [frozenset(name.strip() for name in item.components or ())]
    for entry in reversed(entries):
        gone = {name for change in entry.component_changes for name in _lines(change.from_value)}
        came = {name for change in entry.component_changes for name in _lines(change.to_value)}
        sets.append((sets[-1] - came) | gone)
    return sets[::-1]


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").split("\n") if line.strip()]


def _changed_by(entry: Entry) -> dict[str, str | None]:
    changed = {attribute: _value(attribute, change.to_value) for attribute, change in entry.changed.items()}
    if "status" in entry.changed:
        changed["status_id"] = entry.changed["status"].to_id or None
    return changed


def _value(attribute: str, value: str | None) -> str | None:
    if attribute in {"labels", "status", "key", "type"}:
        return value or ""
    return value or None


def _belongs_to_life(moment: datetime, item: Item) -> bool:
    """Nothing happens to an item after it was removed; to move it closes it, in the same request."""
    if item.removed_at is None:
        return True
    margin = ONE_REQUEST if item.removal in {"moved", "converted"} else 0
    return seconds(moment, item.removed_at) >= margin


def _closing(item: Item, status_entries: list[Entry]) -> datetime | None:
    """When the item came to be in the status that its newest export shows, though no change led there."""
    known = item.updated_at
    if item.status_kind == "done" or not item.has_changelog:
        known = item.resolved_at or item.updated_at
    last_known = status_entries[-1].at if status_entries else item.created_at
    at = last_known if known is None else max(last_known, known)
    if item.removed_at is not None and at > item.removed_at:
        return max(item.created_at, item.removed_at)
    return at


def _is_done_without_a_change(item: Item, *, has_status_change: bool) -> bool:
    """Was it done later than it was created, while no change of its status is known?"""
    if has_status_change:
        return False
    if item.status_kind != "done" and (item.has_changelog or item.resolved_at is None):
        return False
    done_at = item.resolved_at or (None if item.has_changelog else item.updated_at)
    return done_at is not None and seconds(item.created_at, done_at) > ONE_REQUEST


def _differ(one_id: str | None, one_name: str | None, other_id: str | None, other_name: str | None) -> bool:
    """By id where both are known, because a renamed status keeps its id."""
    if one_id and other_id:
        return one_id != other_id
    return (one_name or "").lower() != (other_name or "").lower()


def _ends_elsewhere(item: Item, status_entries: list[Entry]) -> bool:
    if not status_entries:
        return False
    last = status_entries[-1].changed["status"]
    return _differ(last.to_id, last.to_value, item.status_id, item.status_name)


def _is_truncated(item: Item, changes: Sequence[Change]) -> bool:
    n_known = len({change.history_key for change in changes})
    if item.n_histories_announced is not None and item.n_histories_announced > n_known:
        return True
    return item.has_changelog is False and n_known == 0


def _is_broken(item: Item, status_entries: list[Entry]) -> bool:
    """Does a change not begin where the one before ended, or the last one (or birth) lead elsewhere than to today?"""
    statuses = [entry.changed["status"] for entry in status_entries]
    if not statuses:
        return item.initial_status is not None and _differ(None, item.initial_status, None, item.status_name)
    has_gap = any(
        _differ(before.to_id, before.to_value, after.from_id, after.from_value) for before, after in pairwise(statuses)
    )
    return has_gap or _ends_elsewhere(item, status_entries)


def project_of(item: Item, key: str | None) -> str | None:
    """The project of the day, which the key of the day tells."""
    if key == item.item_key or key is None:
        return item.project
    match = re.fullmatch(r"(.+?)[-#!][0-9]+", key)
    return match[1] if match else item.project
