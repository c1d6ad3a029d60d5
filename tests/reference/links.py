"""Links between items, each once and in one direction, whichever side told of it.

Written from metrics.md ("Blocked spell"), DECISIONS.md ("Does a blocking link make an item blocked?", "When is the same
work counted once?") and the description of `int_work_item_links_resolved`.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.reference.records import Item, Link, Told, seconds

TURNED = {"blocks": "blocked_by", "child": "parent", "duplicated_by": "duplicates"}
# Both sides tell of a link, seconds apart.
APART = 60
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Telling:
    """One side's word on a link, in the link's one direction."""

    linked_at: datetime | None
    unlinked_at: datetime | None
    told_at: datetime | None  # how new the export of the side that tells it is


class Names:
    """Finds the item that a tool calls by its own id or by any key it ever had."""

    def __init__(self, told: Told, items: Sequence[Item]) -> None:
        self._items = {item.work_item_id: item for item in items}
        self._by_id = {(item.source_id, item.native_id): item.work_item_id for item in items}
        bearers: dict[tuple[str, str], list[str]] = defaultdict(list)
        for item in items:
            former = [
                change.from_value
                for change in told.changes.get(item.work_item_id, [])
                if change.attribute == "key" and change.from_value
            ]
            for key in {key.lower() for key in [item.item_key, *former] if key}:
                bearers[item.source_id, key].append(item.work_item_id)
        # A key that was given to another item later is that item's.
        self._by_key = {
            (source, key): min(found, key=lambda name: ((self._items[name].item_key or "").lower() != key, name))
            for (source, key), found in bearers.items()
        }
        self._anywhere: dict[str, set[str]] = defaultdict(set)
        for (_, key), name in self._by_key.items():
            self._anywhere[key].add(name)

    def find_at_home(self, source_id: str, reference: str) -> str | None:
        """In the source itself by id, then by key."""
        return self._by_id.get((source_id, reference)) or self._by_key.get((source_id, reference.lower()))

    def find(self, source_id: str, reference: str) -> str | None:
        """At home; elsewhere by a key that one item alone bears."""
        if (found := self.find_at_home(source_id, reference)) is not None:
            return found
        key = reference.lower()
        if re.fullmatch(r"#?[0-9]+", key):
            return None  # every tool counts
        elsewhere = self._anywhere.get(key, set())
        return next(iter(elsewhere)) if len(elsewhere) == 1 else None


def links(told: Told, items: Sequence[Item]) -> list[Link]:
    """Resolve, turn and merge what the tools told of links."""
    names = Names(told, items)
    by_item = {item.work_item_id: item for item in items}
    tellings: dict[tuple[str, str, str], list[Telling]] = defaultdict(list)
    for link in told.exported_links:
        if link.work_item_id not in by_item or link.linked_ref is None:
            continue
        other = names.find(link.source_id, link.linked_ref)
        if other is None or other == link.work_item_id:
            continue
        pair = (link.work_item_id, other)
        if link.relation in TURNED or (link.relation == "relates" and pair[0] > pair[1]):
            pair = pair[::-1]
        told_at = by_item[link.work_item_id].updated_at
        tellings[(*pair, TURNED.get(link.relation, link.relation))].append(
            Telling(link.linked_at, link.unlinked_at, told_at)
        )
    found = []
    for (item, linked, relation), told_of in tellings.items():
        for linked_at, unlinked_at in _merged(told_of, told.as_of):
            found.append(Link(item, linked, relation, linked_at, unlinked_at))
    return found


def _merged(tellings: list[Telling], as_of: datetime) -> list[tuple[datetime | None, datetime | None]]:
    """Spans that overlap, or nearly touch, are one; an unknown start says nothing of before the end it comes with."""
    spans = []
    for telling in tellings:
        if telling.linked_at is not None and telling.linked_at > as_of:
            continue
        unlinked_at = telling.unlinked_at or _unlinked_unknowingly(telling, tellings)
        start = telling.linked_at or unlinked_at or NEVER
        spans.append((start, unlinked_at or NEVER, telling.linked_at, unlinked_at))
    groups: list[list[tuple[datetime, datetime, datetime | None, datetime | None]]] = []
    until = None
    for span in sorted(spans, key=lambda span: span[:2]):
        if until is None or seconds(until, span[0]) > APART:
            groups.append([])
            until = span[1]
        groups[-1].append(span)
        until = max(until, span[1])
    merged = []
    for group in groups:
        starts = [linked_at for _, _, linked_at, _ in group if linked_at is not None]
        ends = [unlinked_at for _, _, _, unlinked_at in group if unlinked_at is not None and unlinked_at <= as_of]
        merged.append((min(starts, default=None), max(ends) if len(ends) == len(group) else None))
    return merged


def _unlinked_unknowingly(telling: Telling, tellings: list[Telling]) -> datetime | None:
    """A side whose newest export is older than the removal that the other side tells of does not know of it yet."""
    later = [
        other.unlinked_at
        for other in tellings
        if other.unlinked_at is not None
        and telling.told_at is not None
        and other.unlinked_at > telling.told_at
        and (telling.linked_at is None or other.unlinked_at > telling.linked_at)
    ]
    return min(later, default=None)
