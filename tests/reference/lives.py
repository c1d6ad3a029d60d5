"""The whole portfolio worked out item by item: where each was, when its clocks ran. Everything else only counts.

Items need each other in two places: a duplicate gives way to its original, and a link makes one item block another.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tests.reference import mapping, visits
from tests.reference.blocking import Life, blocked_intervals
from tests.reference.clocks import Measured, measured
from tests.reference.histories import History, boundaries, history_of
from tests.reference.links import links
from tests.reference.mapping import Mapping, Placed
from tests.reference.parents import Parents
from tests.reference.records import Item, Told
from tests.reference.removals import known_items
from tests.reference.visits import Segment, Visit


@dataclass
class CountedItem:
    """An item that a workflow counts, with all that is known of it."""

    history: History
    visits: list[Visit]
    segments: list[Segment]
    measured: Measured


def work_out(told: Told) -> list[CountedItem]:
    """Work out every counted item of the portfolio."""
    items = {item.work_item_id: item for item in known_items(told)}
    standing_links = links(told, list(items.values()))
    cuts = boundaries(told)
    histories = {key: history_of(item, told, cuts) for key, item in items.items()}
    rules = Mapping(told, items.values())
    placed = {key: rules.placed(history) for key, history in histories.items()}
    duplicates = mapping.duplicates(standing_links, items, placed)
    rows_of = {
        key: mapping.counted(rows, rows[0].at) for key, rows in placed.items() if key not in duplicates
    }  # fmt: skip
    visits_of = {
        key: visits.visits_of(items[key], rows, told.stages) for key, rows in rows_of.items() if rows
    }  # fmt: skip
    lives = {key: _life(item, visits_of.get(key)) for key, item in items.items()}
    blockers = defaultdict(list)
    for link in standing_links:
        if link.relation == "blocked_by":
            blockers[link.work_item_id].append((lives[link.linked_work_item_id], link.linked_at, link.unlinked_at))
    parents = Parents(told, items, standing_links)
    found = []
    for key, own_visits in visits_of.items():
        blocked = blocked_intervals(told, placed[key], lives[key], blockers[key])
        topmost = parents.topmost_at(key, lives[key].ended_at or told.as_of)
        idea_born_at = histories[topmost].moments[0].at
        found.append(
            CountedItem(
                histories[key],
                own_visits,
                visits.segments_of(items[key], rows_of[key]),
                measured(
                    told,
                    histories[key],
                    own_visits,
                    blocked,
                    today=placed[key][-1].membership,
                    idea_born_at=idea_born_at,
                ),
            )
        )
    return found


def _life(item: Item, own_visits: Sequence[Visit] | None) -> Life:
    """An item that no workflow counts ends when its tool calls it done."""
    if own_visits:
        ends = [visit.entered_at for visit in own_visits if visit.is_end]
        return Life(item, own_visits[0].entered_at, ends[0] if ends else None)
    ended_at = (item.resolved_at or item.updated_at) if item.status_kind == "done" else None
    return Life(item, item.created_at, ended_at)


__all__ = ["CountedItem", "Placed", "work_out"]
