"""Why items wait: every wait before a stage, split into five classes that add up to it.

Belongs here: the split of each instance's wait. Does not belong here: the instances themselves
(:mod:`.work_instances`), what batches they form (:mod:`.waiting_batches`), and sums (:mod:`.waiting_sums`).

Source: K. Lashkevich, F. Milani, D. Chapela-Campa, I. Suvorau, M. Dumas, "Why am I waiting? Data-driven analysis of
waiting times in business processes", CAiSE 2023. An instance that is enabled at e (the item's step before has ended)
and started at b by resource r waits in [e, b). In this order, and without counting any moment twice:

- batching: until the last member of its batch was enabled;
- contention: r was fully busy with instances enabled at or before e;
- prioritization: r was fully busy otherwise, so with some that were enabled later;
- unavailability: the rest in which r does not work by its calendar;
- extraneous: what remains.

A resource of c people is fully busy while it works on c instances or more (with more than five people: nearly c).
Contention is then the time in which as many instances in work were enabled at or before e; for c = 1 this is the
published rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from orchestration.analytics.occupancy import sweep_occupancy
from orchestration.analytics.resource_load import ResourceLoad
from orchestration.analytics.stage_indicators import CAPACITY_PERCENTILE
from orchestration.analytics.waiting_batches import DEFAULT_BATCHES, BatchSettings, find_batches
from orchestration.analytics.work_instances import INSTANCE_COLUMNS, check_columns, rows_of_groups, typed
from orchestration.analytics.working_clock import WorkingClock, calendar_clock, elapsed_clock, seconds_since_epoch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestration.analytics.array_types import Flags, Floats, Ints

METHOD_VERSION = "waiting_classes-1"

#: In the order in which a moment that fits several is counted.
WAITING_CLASSES = ("batching", "contention", "prioritization", "unavailability", "extraneous")

CALENDAR_COLUMNS = ("calendar_date", "working_hours", "is_working_weekday")

_WAIT_TYPES = {
    "value_stream_id": "str",
    "level": "str",
    "work_item_id": "str",
    "from_stage_id": "str",
    "stage_id": "str",
    "team_id": "str",
    "enabled_at": "datetime64[us, UTC]",
    "started_at": "datetime64[us, UTC]",
    "is_open": "bool",
    "wait_hours": "float64",
    **{f"{name}_hours": "float64" for name in WAITING_CLASSES},
    "processing_hours": "float64",
    "n_in_batch": "int64",
    "capacity": "float64",
    "capacity_source": "str",
    "method_version": "str",
}
WAIT_COLUMNS = tuple(_WAIT_TYPES)

_SOURCES = pd.CategoricalDtype(["estimated", "given"], ordered=True)

#: Pairs of a wait and an instance in work during it that are held in memory at once.
_PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class WaitingClassSettings:
    """From which share of its capacity a resource is full, what counts as a batch, and how much is compared.

    Up to five people full means all of them. Of more one may be between two items, or work on what no tool shows, and
    the wait would seem to have nothing to do with them.

    The comparisons grow with the square of a resource's work. Of one with more than `max_pairs` of a wait and an
    instance in work during it, every n-th wait is compared. How long the resource was full is measured for the others
    too; of that they take the shares of contention and prioritization that the compared ones have together.
    """

    full_from: float = 0.85
    batches: BatchSettings = DEFAULT_BATCHES
    max_pairs: int = 1_000_000


@dataclass(frozen=True, slots=True)
class TeamClock:
    """The hours in which waiting counts for a team, and those of them in which the team is there.

    ``available`` must run only while ``counted`` runs: its hours are a part of the others.
    """

    counted: WorkingClock
    available: WorkingClock


def elapsed_team_clock(edges: pd.DatetimeIndex) -> TeamClock:
    """Return the clock on which every hour counts and the team is always there."""
    return TeamClock(elapsed_clock(edges), elapsed_clock(edges))


def team_clock(
    calendar: pd.DataFrame, edges: pd.DatetimeIndex, zone: str, day_start: str | None = None, day_end: str | None = None
) -> TeamClock:
    """Return the clock of a location: its usual working hours count, its holidays and closed days are unavailability.

    ``calendar`` holds one row per day with ``CALENDAR_COLUMNS`` (grain of ``dim_working_days``, one location). A day
    off on a weekday that is worked counts with the longest hours of that weekday in the calendar. Nights and weekends
    are no wait. The other parameters and errors are those of :func:`.working_clock.calendar_clock`.
    """
    check_columns(calendar, CALENDAR_COLUMNS, "calendar")
    hours = calendar["working_hours"].astype("float64")
    weekday = pd.DatetimeIndex(pd.to_datetime(calendar["calendar_date"])).day_of_week
    usual = hours.groupby(weekday).transform("max")
    counted = calendar.assign(working_hours=hours.where(~calendar["is_working_weekday"].astype(bool), usual))
    return TeamClock(
        calendar_clock(counted, edges, zone, day_start, day_end),
        calendar_clock(calendar, edges, zone, day_start, day_end),
    )


def classify_waits(
    instances: pd.DataFrame,
    edges: pd.DatetimeIndex,
    *,
    default_clock: TeamClock,
    clocks: Mapping[str, TeamClock] | None = None,
    capacities: Mapping[str, float] | None = None,
    settings: WaitingClassSettings = WaitingClassSettings(),
) -> pd.DataFrame:
    """Split every wait that ended in the window, or lasted at its end, into the five classes.

    What happens at or after the last edge is not read: an instance begun later still waits, one finished later is
    still in work. Waits of an unknown resource have no classes (NaN), only their length.

    Parameters
    ----------
    instances: ``INSTANCE_COLUMNS`` as from :func:`instances_from_visits`; those begun before the window are needed too,
        as they keep a resource busy. A column ``batch_id`` (missing: in none) replaces the search for batches.
    edges: instants that cut the window into weeks, from :func:`.working_clock.week_edges`.
    default_clock, clocks: the clock of a team, by team. They must reach back to the first ``enabled_at``: a wait has no
        length before a clock begins.
    capacities: people there, by ``resource_id``. Where none is given it is the 95th percentile over time of the
        instances in work, at least 1.

    Returns one row per wait with ``WAIT_COLUMNS``, in the order of ``instances``; hours are those that count on the
    team's clock and the classes add up to ``wait_hours``. ``started_at`` is missing while the wait lasts.
    Raises ``ValueError`` for missing columns, for an instance that starts before it is enabled or ends before it
    starts, and for a capacity of 0 or less.
    """
    check_columns(instances, INSTANCE_COLUMNS, "instances")
    first_edge, last_edge = seconds_since_epoch(edges[[0, -1]])
    known = instances.loc[seconds_since_epoch(instances["enabled_at"]) < last_edge].reset_index(drop=True)
    enabled, start = seconds_since_epoch(known["enabled_at"]), seconds_since_epoch(known["started_at"])
    finish = seconds_since_epoch(known["finished_at"])
    if (start < enabled).any() or (finish < start).any():
        raise ValueError("An instance starts before it is enabled or ends before it starts; repair or drop it first.")
    is_open = ~(start < last_edge)
    known = known.assign(started_at=known["started_at"].where(~is_open))
    start = np.where(is_open, last_edge, start)
    finish = np.where(is_open | ~(finish < last_edge), last_edge, finish)
    work = _Work(known, enabled, start, finish, is_open)
    of_team = _clocks_of_teams(known["team_id"], default_clock, clocks or {})
    sizes, sources = _capacities(work, capacities or {}, default_clock, clocks or {}, (first_edge, last_edge))
    if "batch_id" in known.columns:
        batch: Ints = np.where(is_open, -1, pd.factorize(known["batch_id"])[0]).astype(np.int64)
    else:
        batch = np.asarray(find_batches(known, sizes, settings.batches), dtype=np.int64)
    ready, n_in_batch = _batch_ready(batch, enabled, start)
    counted = _hours_at(of_team, [enabled, ready, start, finish], "counted")
    available = _hours_at(of_team, [enabled, ready, start, finish], "available")
    is_reported = is_open | (start >= first_edge)
    resource: Ints = np.asarray(pd.factorize(known["resource_id"])[0], dtype=np.int64)
    capacity = known["resource_id"].map(sizes).to_numpy(dtype=float)
    line = _Line(
        resource,
        enabled,
        ready,
        start,
        finish,
        batch,
        _full_at(capacity, settings),
        counted,
        available,
        ~is_open,
        of_team,
    )
    waiting = np.flatnonzero(is_reported & (start > ready) & (resource >= 0))
    contention, prioritization = _busy_hours(line, waiting, settings.max_pairs)
    at_enabled, at_ready, at_start, at_finish = counted
    rest = at_start - at_ready - contention[0] - prioritization[0]
    rest_there = available[2] - available[1] - contention[1] - prioritization[1]
    # Sums of differences of large numbers: what is below a millisecond is rounding.
    extraneous = np.clip(_without_dust(rest_there), 0, np.maximum(rest, 0))
    hours = {
        "batching": at_ready - at_enabled,
        "contention": contention[0],
        "prioritization": prioritization[0],
        "unavailability": _without_dust(np.maximum(rest - extraneous, 0)),
        "extraneous": extraneous,
    }
    waits = known.assign(
        is_open=is_open,
        wait_hours=at_start - at_enabled,
        **{f"{name}_hours": np.where(resource >= 0, values, np.nan) for name, values in hours.items()},
        processing_hours=np.where(is_open, 0.0, at_finish - at_start),
        n_in_batch=n_in_batch,
        capacity=capacity,
        capacity_source=known["resource_id"].map(sources).astype(_SOURCES),
        method_version=METHOD_VERSION,
    )
    reported: pd.DataFrame = waits.loc[is_reported, list(WAIT_COLUMNS)]
    return typed(reported.reset_index(drop=True), _WAIT_TYPES)


@dataclass(frozen=True, slots=True)
class _Work:
    """Instances up to the window's end, with their times in seconds since the epoch."""

    known: pd.DataFrame
    enabled: Floats
    start: Floats
    finish: Floats
    is_open: Flags


@dataclass(frozen=True, slots=True)
class _Line:
    """All that the sweep needs per instance; clock readings have the rows enabled, ready, start, finish."""

    resource: Ints
    enabled: Floats
    ready: Floats
    start: Floats
    finish: Floats
    batch: Ints
    capacity: Floats
    counted: Floats
    available: Floats
    has_begun: Flags
    clocks: _ClockOfRow


def _without_dust(hours: Floats) -> Floats:
    return np.where(np.abs(hours) < 1e-3 / 3600, 0.0, hours)


@dataclass(frozen=True, slots=True)
class _ClockOfRow:
    """Different clocks, and the place among them of each instance's."""

    clocks: list[TeamClock]
    place: Ints


def _clocks_of_teams(teams: pd.Series, default_clock: TeamClock, clocks: Mapping[str, TeamClock]) -> _ClockOfRow:
    named = pd.Categorical(teams)
    # The last is that of an instance without a team.
    of_name = [*(clocks.get(name, default_clock) for name in named.categories), default_clock]
    different = list({id(clock): clock for clock in of_name}.values())
    place = {id(clock): number for number, clock in enumerate(different)}
    return _ClockOfRow(different, np.array([place[id(clock)] for clock in of_name], dtype=np.int64)[named.codes])


def _hours_at(of_team: _ClockOfRow, instants: list[Floats], which: Literal["counted", "available"]) -> Floats:
    """Return the readings of each instance's clock at several instants, shape (instants, instances)."""
    readings = np.zeros((len(instants), of_team.place.size))
    for place, clock in enumerate(of_team.clocks):
        rows = np.flatnonzero(of_team.place == place)
        for number, instant in enumerate(instants):
            readings[number, rows] = getattr(clock, which).hours_at(instant[rows])
    return readings


def _capacities(
    work: _Work,
    given: Mapping[str, float],
    default_clock: TeamClock,
    clocks: Mapping[str, TeamClock],
    window: tuple[float, float],
) -> tuple[dict[str, float], dict[str, str]]:
    """Return the capacity of each resource and where it comes from."""
    if any(not size > 0 for size in given.values()):
        raise ValueError("A capacity of 0 or less cannot be; give a number above 0 or leave it out.")
    sizes: dict[str, float] = {}
    sources: dict[str, str] = {}
    for rows in rows_of_groups(work.known, ["resource_id"]):
        name = str(work.known["resource_id"].iloc[rows[0]])
        sources[name] = "given" if name in given else "estimated"
        if name in given:
            sizes[name] = given[name]
            continue
        in_work = rows[~work.is_open[rows]]
        clock = clocks.get(work.known["team_id"].iloc[rows[0]], default_clock).available
        bounds = clock.hours_at(np.array(window))
        occupancy = sweep_occupancy(
            clock.hours_at(work.start[in_work]),
            clock.hours_at(work.finish[in_work]),
            np.zeros(in_work.size, dtype=np.int64),
            1,
            bounds,
        )
        is_measurable = occupancy.total_hours > 0
        sizes[name] = float(max(1, occupancy.percentile(0, CAPACITY_PERCENTILE))) if is_measurable else 1.0
    return sizes, sources


def _full_at(capacity: Floats, settings: WaitingClassSettings) -> Floats:
    """Return from how many instances in work on a resource is fully busy."""
    return np.ceil(np.round(capacity * settings.full_from, 9))


def _batch_ready(batch: Ints, enabled: Floats, start: Floats) -> tuple[Floats, Ints]:
    """Return when each instance's batch was complete (its own enabling where there is none), and the batch's size."""
    ready, size = enabled.copy(), np.where(batch < 0, 0, 1).astype(np.int64)
    is_member = batch >= 0
    if is_member.any():
        last = np.full(int(batch.max()) + 1, -np.inf)
        np.maximum.at(last, batch[is_member], enabled[is_member])
        ready[is_member] = np.minimum(last[batch[is_member]], start[is_member])
        size[is_member] = np.bincount(batch[is_member])[batch[is_member]]
    return ready, size


def _busy_hours(line: _Line, waiting: Ints, max_pairs: int) -> tuple[Floats, Floats]:
    """Return (contention, prioritization) hours, each of shape (2, instances): on the counted and the available clock.

    For each wait the instances in work during it are laid side by side and counted between any two of their ends.
    """
    contention, prioritization = np.zeros((2, line.start.size)), np.zeros((2, line.start.size))
    spans = _spans(line, waiting)
    is_compared = _compared(line, spans, max_pairs)
    for wait, other in _pairs(line, spans, is_compared):
        is_batch_mate = (line.batch[wait] >= 0) & (line.batch[wait] == line.batch[other])
        # A batch counts as enabled when it was complete; among its members their own order counts.
        since = np.where(is_batch_mate, line.enabled[wait], line.ready[wait])
        is_early = line.enabled[other] <= since
        lower, upper = line.ready[wait], line.start[wait]
        moments = np.concatenate([np.clip(line.start[other], lower, upper), np.clip(line.finish[other], lower, upper)])
        readings = [
            np.concatenate([np.clip(clock[2, other], low, high), np.clip(clock[3, other], low, high)])
            for clock, low, high in (
                (line.counted, line.counted[1, wait], line.counted[2, wait]),
                (line.available, line.available[1, wait], line.available[2, wait]),
            )
        ]
        of_wait = np.concatenate([wait, wait])
        step = np.repeat([1, -1], wait.size)
        order = np.lexsort((moments, of_wait))
        of_wait = of_wait[order]
        in_work = np.cumsum(step[order])[:-1]
        early = np.cumsum((step * np.concatenate([is_early, is_early]))[order])[:-1]
        is_full = in_work >= line.capacity[of_wait[:-1]]
        is_contention = early >= line.capacity[of_wait[:-1]]
        for row, reading in enumerate(readings):
            # Between the last end of one wait and the first of the next nothing is in work, so nothing is counted.
            length = np.diff(reading[order])
            for hours, holds in ((contention, is_contention), (prioritization, is_full & ~is_contention)):
                hours[row] += np.bincount(of_wait[:-1][holds], weights=length[holds], minlength=line.start.size)
    _fill_in(line, spans, is_compared, (contention, prioritization))
    return contention, prioritization


def _fill_in(line: _Line, spans: _Spans, is_compared: Flags, classes: tuple[Floats, Floats]) -> None:
    """Split the full hours of the waits that were not compared as those of their resource's compared ones are split."""
    rest, done = spans.waiting[~is_compared], spans.waiting[is_compared]
    contention, prioritization = classes
    for resource in np.unique(line.resource[rest]):
        begin, end = np.searchsorted(line.resource[spans.busy], [resource, resource + 1])
        busy = spans.busy[begin:end]
        mine, compared = rest[line.resource[rest] == resource], done[line.resource[done] == resource]
        load = ResourceLoad.of(line.start[busy], line.finish[busy], float(line.capacity[mine[0]]))
        for row, which in enumerate(("counted", "available")):
            full = np.zeros(mine.size)
            for place, clock in enumerate(line.clocks.clocks):
                on_clock = line.clocks.place[mine] == place
                chosen = mine[on_clock]
                full[on_clock] = load.full_hours(getattr(clock, which), line.ready[chosen], line.start[chosen])
            early, late = contention[row, compared].sum(), prioritization[row, compared].sum()
            share = early / (early + late) if early + late > 0 else 1.0
            contention[row, mine], prioritization[row, mine] = share * full, (1 - share) * full


@dataclass(frozen=True, slots=True)
class _Spans:
    """Waits, and for each the places from ``lows`` to before ``highs`` of ``busy`` that may be in work during it."""

    waiting: Ints
    busy: Ints
    lows: Ints
    highs: Ints


def _compared(line: _Line, spans: _Spans, max_pairs: int) -> Flags:
    """Return which waits are compared with the work around them: all, or every n-th of a resource that has too many."""
    resource = line.resource[spans.waiting]
    _, first, number = np.unique(resource, return_index=True, return_inverse=True)
    n_pairs = np.bincount(number, weights=np.maximum(spans.highs - spans.lows, 0))
    step = np.maximum(np.ceil(n_pairs / max_pairs), 1).astype(np.int64)
    flags: Flags = (np.arange(resource.size) - first[number]) % step[number] == 0
    return flags


def _spans(line: _Line, waiting: Ints) -> _Spans:
    busy = np.flatnonzero(line.has_begun & (line.finish > line.start) & (line.resource >= 0))
    busy = busy[np.lexsort((line.start[busy], line.resource[busy]))]
    waiting = waiting[np.lexsort((line.start[waiting], line.resource[waiting]))]
    resources = np.unique(line.resource[waiting])
    lows, highs = np.zeros(waiting.size, dtype=np.int64), np.zeros(waiting.size, dtype=np.int64)
    for resource in resources:
        begin, end = np.searchsorted(line.resource[busy], [resource, resource + 1])
        of_resource = busy[begin:end]
        mine = slice(*np.searchsorted(line.resource[waiting], [resource, resource + 1]))
        # Everything before the first that reaches into the wait is over by then.
        reach = np.maximum.accumulate(line.finish[of_resource])
        lows[mine] = begin + np.searchsorted(reach, line.ready[waiting[mine]], side="right")
        highs[mine] = begin + np.searchsorted(line.start[of_resource], line.start[waiting[mine]], side="left")
    return _Spans(waiting, busy, lows, highs)


def _pairs(line: _Line, spans: _Spans, is_compared: Flags) -> Iterator[tuple[Ints, Ints]]:
    """Yield (waits, instances of the same resource in work during them), in portions and ordered by wait."""
    waiting, busy, lows = spans.waiting, spans.busy, spans.lows
    n_pairs = np.where(is_compared, np.maximum(spans.highs - lows, 0), 0)
    portion = np.cumsum(n_pairs) // _PAIRS_AT_ONCE
    for number in np.unique(portion):
        chosen = np.flatnonzero((portion == number) & (n_pairs > 0))
        counts = n_pairs[chosen]
        if not counts.sum():
            continue
        wait = np.repeat(waiting[chosen], counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        other = busy[np.repeat(lows[chosen], counts) + within]
        overlaps = (line.finish[other] > line.ready[wait]) & (other != wait)
        if overlaps.any():
            yield wait[overlaps], other[overlaps]
