"""What a line's visits say of its arrivals, service times and work in progress: what a simulation is calibrated on.

Belongs here: reading one line's window from its stage visits. Does not belong here: the simulation
(:mod:`.tandem_simulation`) and measuring how busy stages are (:mod:`.line_measures`).

All times are hours on the line's working clock since the window's start. An item's work at a stage is all of its visits
there together, so coming back to a stage is part of what it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.occupancy import sweep_occupancy
from orchestration.analytics.stage_indicators import queues_before_active_stages
from orchestration.analytics.working_clock import seconds_since_epoch

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Floats, Ints
    from orchestration.analytics.line_measures import MeasuredLine

#: A long queue in a smaller share of the window does not tell how many items a stage works on while others wait.
_MIN_WAITING_SHARE = 0.05

#: What is read of the visits beside the line's own scope column.
RECORD_COLUMNS = (
    "work_item_id", "value_stream_id", "level", "stage_id", "entered_at", "exited_at", "next_stage_id",
    "has_usable_history",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineRecords:
    """One line's window as it was.

    ``arrivals_per_week``: items that entered the line, by week; ``week_hours``: working hours of each week.
    ``services``: per stage the hours of items that came and left it within the window; ``hours_per_item``: all hours of
    work at the stage in the window by the items that left it then, which counts long work as often as it is done, NaN
    where none left; ``in_work_while_waiting``: items in work on average while at least as many waited as the stage has
    capacity for, NaN where that was under a twentieth of the window; ``visit_share``: of the items that left the line,
    those that were at the stage. ``waiting_at_start``, ``in_work_at_start``: items per stage at the window's start.
    ``n_finished``: items that left the line; ``flow_hours``: working hours from entry to leaving, of those that did
    both within the window.
    """

    arrivals_per_week: Ints
    week_hours: Floats
    services: list[Floats]
    hours_per_item: Floats
    visit_share: Floats
    in_work_while_waiting: Floats
    waiting_at_start: Ints
    in_work_at_start: Ints
    n_finished: int
    flow_hours: Floats

    @property
    def hours(self) -> float:
        """Working hours of the window."""
        return float(self.week_hours.sum())


def line_records(visits: pd.DataFrame, stages: pd.DataFrame, line: MeasuredLine) -> LineRecords:
    """Read a measured line's window from the visits and stages it was measured on.

    ``visits`` need ``RECORD_COLUMNS`` and the line's scope column; ``stages`` as for
    :func:`.line_measures.measure_lines`. Raises ``ValueError`` for a missing column.
    """
    scope_column = f"{line.scope}_id"
    missing = [column for column in (*RECORD_COLUMNS, scope_column) if column not in visits.columns]
    if missing:
        raise ValueError(f"The stage visits lack {', '.join(missing)}; pass the columns of RECORD_COLUMNS.")
    taking_part = stages.loc[
        (stages["workflow_id"] == line.workflow_id)
        & stages["is_counted"].astype(bool) & ~stages["is_cancelled"].astype(bool) & ~stages["is_unmapped"].astype(bool)
    ]  # fmt: skip
    queues = queues_before_active_stages(taking_part)
    place_of = {stage: place for place, stage in enumerate(queues)}
    active = set(place_of)
    place_of |= {queue: place for place, stage in enumerate(queues) for queue in queues[stage]}
    of_line = visits.loc[
        (visits["value_stream_id"] == line.value_stream_id)
        & (visits[scope_column] == line.scope_id)
        & (visits["level"] == line.level)
        & visits["has_usable_history"].astype("boolean").fillna(value=False).astype(bool)
        & visits["stage_id"].isin(list(place_of))
    ]
    start, end = line.edges[0], line.edges[-1]
    table = pd.DataFrame(
        {
            "item": of_line["work_item_id"].to_numpy(),
            "place": of_line["stage_id"].map(place_of).to_numpy(),
            "is_active": of_line["stage_id"].isin(active).to_numpy(),
            "entered": seconds_since_epoch(of_line["entered_at"]),
            "left": seconds_since_epoch(of_line["exited_at"]),
            "goes_on": of_line["next_stage_id"].isin(list(place_of)).to_numpy(),
        }
    )
    table = table.loc[table["entered"] < end]
    n_stages = len(queues)
    per_item = table.groupby("item", sort=True).agg(entered=("entered", "min"))
    number = pd.factorize(table["item"], sort=True)[0]
    in_time = np.lexsort([table["is_active"], table["place"], table["left"], table["entered"], number])
    last = table.iloc[in_time[np.diff(number[in_time], append=-1) != 0]].set_index("item")
    has_left = last["left"].notna() & (last["left"] < end) & ~last["goes_on"]
    left = last["left"].where(has_left).reindex(per_item.index)
    came_inside = per_item["entered"] >= start
    left_inside = left.notna() & (left >= start)
    weeks = np.searchsorted(line.edges, per_item.loc[came_inside, "entered"].to_numpy(), side="right") - 1
    hours_at_edges = line.clock.hours_at(line.edges)

    worked = table.loc[table["is_active"] & (table["entered"] >= start) & (table["left"] < end)]
    hours = line.clock.hours_at(worked["left"]) - line.clock.hours_at(worked["entered"])
    of_stage = worked.assign(hours=hours).groupby(["place", "item"], sort=True)["hours"].sum()
    services = [
        of_stage.loc[place].to_numpy(dtype=float) if place in of_stage.index.get_level_values(0) else np.empty(0)
        for place in range(n_stages)
    ]
    ended = table.loc[table["is_active"] & (table["left"] >= start) & (table["left"] < end), ["place", "item"]]
    n_passed = ended.drop_duplicates()["place"].value_counts().reindex(range(n_stages), fill_value=0).to_numpy(float)
    worked_hours = line.weeks.busy.sum(axis=1)
    finished = left_inside.index[left_inside]
    at_stage = table.loc[table["is_active"] & table["item"].isin(finished), ["place", "item"]].drop_duplicates()
    n_finished = len(finished)
    visited = at_stage["place"].value_counts().reindex(range(n_stages), fill_value=0).to_numpy(dtype=float)
    at_start = table.loc[(table["entered"] < start) & ~(table["left"] <= start)]

    ends = table["left"].fillna(end).clip(upper=end)
    occupancy = sweep_occupancy(
        line.clock.hours_at(table["entered"]),
        line.clock.hours_at(ends),
        2 * table["place"].to_numpy(dtype=np.int64) + ~table["is_active"].to_numpy(dtype=bool),
        2 * n_stages,
        hours_at_edges,
    )
    # One that waits may wait for a team of its own while others idle; so many that all could work tell more.
    capacity = np.nan_to_num(line.stages["capacity_estimate"].to_numpy(dtype=float), nan=np.inf)
    busy, waits = occupancy.counts[0::2], occupancy.counts[1::2] >= np.maximum(capacity, 1.0)[:, None]
    waiting_hours = waits @ occupancy.hours
    while_waiting = np.divide(
        (busy * waits) @ occupancy.hours, waiting_hours, out=np.full(n_stages, np.nan),
        where=waiting_hours >= _MIN_WAITING_SHARE * occupancy.hours.sum(),
    )  # fmt: skip

    def standing(*, is_active: bool) -> Ints:
        own = at_start.loc[at_start["is_active"] == is_active, "place"]
        counts = own.value_counts().reindex(range(n_stages), fill_value=0)
        return np.asarray(counts, dtype=np.int64)

    both = came_inside & left_inside
    flow = line.clock.hours_at(left[both]) - line.clock.hours_at(per_item.loc[both, "entered"])
    return LineRecords(
        arrivals_per_week=np.bincount(weeks, minlength=line.edges.size - 1).astype(np.int64),
        week_hours=np.diff(hours_at_edges),
        services=services,
        hours_per_item=np.divide(worked_hours, n_passed, out=np.full(n_stages, np.nan), where=n_passed > 0),
        in_work_while_waiting=while_waiting,
        visit_share=visited / n_finished if n_finished else np.full(n_stages, np.nan),
        waiting_at_start=standing(is_active=False),
        in_work_at_start=standing(is_active=True),
        n_finished=n_finished,
        flow_hours=flow,
    )
