"""Whose child an item was on a day, and where the idea that it belongs to began.

Written from metrics.md ("Membership (team, train, value stream, parent) is as of the day") and the plan for
`idea_to_value`: from the birth of the topmost ancestor on the day of the finish, or its own birth if that is earlier.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from tests.reference.histories import entries_in_order
from tests.reference.links import Names
from tests.reference.records import Item, Link, Told


class Parents:
    """Asked for one item and moment at a time."""

    def __init__(self, told: Told, items: dict[str, Item], links: Sequence[Link]) -> None:
        self._told = told
        self._items = items
        self._names = Names(told, list(items.values()))
        self._links: dict[str, list[Link]] = defaultdict(list)
        for link in links:
            if link.relation == "parent":
                self._links[link.work_item_id].append(link)

    def parent_at(self, work_item_id: str, moment: datetime) -> str | None:
        """The item's own field decides; where it names none, a link that stood at the moment."""
        item = self._items[work_item_id]
        for reference in self._references_at(item, moment):
            found = self._names.find_at_home(item.source_id, reference)
            if found is not None and found != work_item_id:
                return found
        standing = [
            link.linked_work_item_id
            for link in self._links[work_item_id]
            if (link.linked_at is None or link.linked_at <= moment)
            and (link.unlinked_at is None or link.unlinked_at > moment)
        ]
        return min(standing, default=None)

    def topmost_at(self, work_item_id: str, moment: datetime) -> str:
        """Walk up until there is no parent, or one that was passed already."""
        passed = [work_item_id]
        while (parent := self.parent_at(passed[-1], moment)) is not None and parent not in passed:
            passed.append(parent)
        return passed[-1]

    def _references_at(self, item: Item, moment: datetime) -> list[str]:
        """Ids and keys that the item's field named its parent by at the moment, the surest first."""
        entries = entries_in_order(self._told.changes.get(item.work_item_id, []), {"parent"})
        if not entries:
            return [item.parent_ref] if item.parent_ref else []
        before = [entry.changed["parent"] for entry in entries if entry.at <= moment]
        first = entries[0].changed["parent"]
        named = (before[-1].to_id, before[-1].to_value) if before else (first.from_id, first.from_value)
        return [reference for reference in named if reference]
