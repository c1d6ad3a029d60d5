"""Which items there are at as_of, and which of them left their tool before it.

Written from DECISIONS.md, "What becomes of an item that is gone from its tool?": the tool's own word comes first, else
a census of ids that missed it; an item seen again, by a later census or a later change, was never gone.
"""

from collections import defaultdict
from dataclasses import replace

from tests.reference.records import Census, Item, Told


def known_items(told: Told) -> list[Item]:
    """Items that were created by as_of, with how and when they left their tool as far as that is known by then."""
    censuses: dict[tuple[str, str], list[Census]] = defaultdict(list)
    for census in told.censuses:
        if census.checked_at <= told.as_of:
            censuses[census.source_id, census.native_id].append(census)
    return [
        _as_known(item, told, censuses[item.source_id, item.native_id])
        for item in told.exported_items
        if item.created_at <= told.as_of
    ]


def _as_known(item: Item, told: Told, censuses: list[Census]) -> Item:
    if item.removed_at is not None and item.removed_at <= told.as_of:
        return item
    seen_at = max(
        [item.updated_at or item.created_at]
        + [census.checked_at for census in censuses if census.census_state == "present"]
    )
    missed = sorted(
        (census for census in censuses if census.checked_at > seen_at), key=lambda census: census.checked_at
    )
    if not missed:
        return replace(item, removed_at=None, removal=None)
    return replace(item, removed_at=missed[0].checked_at, removal=missed[-1].census_state)
