"""The clocks of every counted item, as `fct_work_items` states them: says through which item a mart differs."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.reference.lives import CountedItem

KEY = ("work_item_id",)

Row = dict[str, Any]


def work_items(items: Sequence[CountedItem]) -> Iterator[Row]:
    """Yield one row per counted item."""
    for item in items:
        known = item.measured
        clocks = known.clocks
        row: Row = {
            "work_item_id": known.work_item_id,
            "is_counted": True,
            "team_id": known.membership.team_id,
            "value_stream_id": known.membership.value_stream_id,
            "level": known.membership.level,
            "work_type": known.membership.work_type,
            "life_started_at": clocks.born_at,
            "flow_started_at": clocks.flow_started_at,
            "started_at": clocks.started_at,
            "finished_at": clocks.finished_at,
            "cancelled_at": clocks.ended_at if clocks.is_cancelled else None,
            "finished_date": known.finished_date,
            "cancelled_date": known.cancelled_date,
            "is_finished": clocks.finished_at is not None,
            "is_cancelled": clocks.is_cancelled,
            "has_usable_history": known.is_usable,
            "is_history_truncated": item.history.is_truncated,
            "is_history_broken": item.history.is_broken,
            "n_reopenings": clocks.n_reopenings,
            "n_backward_moves": sum(visit.is_backward for visit in item.visits),
            "rework_elapsed_days": known.rework,
        }
        for clock in ("lead_time", "flow_time", "cycle_time", "idea_to_value"):
            duration = getattr(known, clock)
            row[f"{clock}_calendar_days"], row[f"{clock}_elapsed_days"] = duration or (None, None)
        row["active_elapsed_days"], row["wait_elapsed_days"], row["blocked_elapsed_days"] = known.stage_times or (
            None,
            None,
            None,
        )
        yield row
