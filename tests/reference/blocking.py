"""When an item was blocked: by its flag, by a blocked status or label, by another item.

Written from metrics.md ("Blocked spell", "waiting and blocked intervals are merged per item (union)") and DECISIONS.md
("Does a blocking link make an item blocked?").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.reference.mapping import Placed
from tests.reference.records import Item, Told

Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Life:
    """When an item began, and when it ended or left its tool; for links, also of items that no workflow counts."""

    item: Item
    born_at: datetime
    ended_at: datetime | None

    def over_at(self, as_of: datetime) -> datetime:
        known = [moment for moment in (self.ended_at, self.item.removed_at) if moment is not None]
        return min([as_of, *known])


def blocked_intervals(
    told: Told, placed: Sequence[Placed], life: Life, blockers: Sequence[tuple[Life, datetime | None, datetime | None]]
) -> list[Interval]:
    """Maximal intervals in which the item was blocked by whatever it was, until its end or as_of.

    Args:
        told: For as_of and the portfolio's blocked statuses and labels.
        placed: The item's whole life, also where no workflow counts it.
        life: The item's own.
        blockers: Items that block it, each with when it was linked (None: unknown) and unlinked (None: it still is).
    """
    until = life.over_at(told.as_of)
    spans = []
    for row, end in zip(placed, [*(after.at for after in placed[1:]), told.as_of], strict=True):
        if _is_blocked(told, row):
            spans.append((row.at, end))
    for blocker, linked_at, unlinked_at in blockers:
        start = max(linked_at or life.born_at, life.born_at, blocker.born_at)
        spans.append((start, min(unlinked_at or told.as_of, blocker.over_at(told.as_of))))
    return merged([(start, min(end, until)) for start, end in spans])


def _is_blocked(told: Told, row: Placed) -> bool:
    if row.facts.flagged:
        return True
    labels = row.facts.labels.split("\n")
    for rule in told.blocked_rules:
        if rule.workflow_id != row.membership.workflow_id:
            continue
        if rule.blocked_kind == "label" and rule.value in labels:
            return True
        status = row.facts.status or ""
        if rule.blocked_kind == "status" and rule.value.strip().lower() == status.strip().lower():
            return True
    return False


def merged(spans: Sequence[Interval]) -> list[Interval]:
    """The union of spans, as intervals that neither overlap nor touch."""
    found: list[Interval] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def overlap(intervals: Sequence[Interval], start: datetime, end: datetime) -> float:
    """Seconds of the intervals that lie between two moments."""
    return sum(
        max(0.0, (min(end, stop) - max(start, begin)).total_seconds()) for begin, stop in intervals
    )  # fmt: skip
