"""Why items wait: every wait before a stage, split into five classes that add up to it.

Belongs here: the split of each instance's wait. Does not belong here: the instances themselves
(:mod:`.work_instances`), what batches they form (:mod:`.waiting_batches`), the hours that count
(:mod:`.team_clocks`), and sums (:mod:`.waiting_sums`).

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
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.occupancy import sweep_occupancy
from orchestration.analytics.resource_load import ResourceLoad
from orchestration.analytics.stage_indicators import CAPACITY_PERCENTILE
from orchestration.analytics.team_clocks import ClocksOfRows
from orchestration.analytics.waiting_batches import DEFAULT_BATCHES, BatchSettings, find_batches
from orchestration.analytics.work_instances import INSTANCE_COLUMNS, check_columns, stable_order, typed
from orchestration.analytics.working_clock import seconds_since_epoch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestration.analytics.array_types import Flags, Floats, Ints
    from orchestration.analytics.team_clocks import TeamClock

METHOD_VERSION = "waiting_classes-1"

#: In the order in which a moment that fits several is counted.
WAITING_CLASSES = ("batching", "contention", "prioritization", "unavailability", "extraneous")

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
_PAIRS_AT_ONCE = 250_000


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
    enabled = seconds_since_epoch(instances["enabled_at"])
    is_known = enabled < last_edge
    known, enabled = instances.loc[is_known].reset_index(drop=True), enabled[is_known]
    start, finish = seconds_since_epoch(known["started_at"]), seconds_since_epoch(known["finished_at"])
    if (start < enabled).any() or (finish < start).any():
        raise ValueError("An instance starts before it is enabled or ends before it starts; repair or drop it first.")
    is_open = ~(start < last_edge)
    known = known.assign(started_at=known["started_at"].where(~is_open))
    start = np.where(is_open, last_edge, start)
    finish = np.where(is_open | ~(finish < last_edge), last_edge, finish)
    resources = pd.Categorical(known["resource_id"])
    of_team = ClocksOfRows.of_teams(known["team_id"], default_clock, clocks or {})
    work = _Work.in_order(np.asarray(resources.codes, dtype=np.int64), enabled, start, finish, ~is_open, of_team)
    sizes, sources = _capacities(work, list(resources.categories), capacities or {}, (first_edge, last_edge))
    if "batch_id" in known.columns:
        batch: Ints = np.where(is_open, -1, pd.factorize(known["batch_id"])[0]).astype(np.int64)
    else:
        of_resource = dict(zip(resources.categories, sizes.tolist(), strict=True))
        batch = np.asarray(find_batches(known, of_resource, settings.batches), dtype=np.int64)
    line = _Line.of(work, batch[work.row], _full_at(sizes, settings))
    is_reported = is_open | (start >= first_edge)
    waiting = np.flatnonzero(is_reported[work.row] & (work.start > line.ready) & (work.resource >= 0))
    contention, prioritization = _busy_hours(line, waiting, settings.max_pairs)
    at_enabled, at_ready, at_start, at_finish = line.counted
    rest = at_start - at_ready - contention[0] - prioritization[0]
    rest_there = line.available[2] - line.available[1] - contention[1] - prioritization[1]
    # Sums of differences of large numbers: what is below a millisecond is rounding.
    extraneous = np.clip(_without_dust(rest_there), 0, np.maximum(rest, 0))
    hours = {
        "batching": at_ready - at_enabled,
        "contention": contention[0],
        "prioritization": prioritization[0],
        "unavailability": _without_dust(np.maximum(rest - extraneous, 0)),
        "extraneous": extraneous,
    }
    # Back from the order of the work to that of the instances.
    place = np.empty_like(work.row)
    place[work.row] = np.arange(place.size)
    place = place[is_reported]
    resource = work.resource[place]
    waits = known.loc[is_reported].assign(
        is_open=is_open[is_reported],
        wait_hours=(at_start - at_enabled)[place],
        **{f"{name}_hours": np.where(resource >= 0, values[place], np.nan) for name, values in hours.items()},
        processing_hours=np.where(work.has_begun, at_finish - at_start, 0.0)[place],
        n_in_batch=line.n_in_batch[place],
        capacity=np.append(sizes, np.nan)[resource],
        capacity_source=pd.Categorical.from_codes(np.append(sources, -1)[resource], dtype=_SOURCES),
        method_version=METHOD_VERSION,
    )
    return typed(waits[list(WAIT_COLUMNS)].reset_index(drop=True), _WAIT_TYPES)


@dataclass(frozen=True, slots=True)
class _Work:
    """Instances up to the window's end as arrays of equal length, those of a resource together and by their start.

    ``row`` is where each was told; times are in seconds since the epoch. ``resource`` is -1 for an unknown one, and
    resource r has the places from ``bounds[r]`` to before ``bounds[r + 1]``.
    """

    row: Ints
    resource: Ints
    bounds: Ints
    enabled: Floats
    start: Floats
    finish: Floats
    has_begun: Flags
    clocks: ClocksOfRows

    @classmethod
    def in_order(
        cls, resource: Ints, enabled: Floats, start: Floats, finish: Floats, has_begun: Flags, clocks: ClocksOfRows
    ) -> _Work:
        """Return the work of instances told in any order."""
        row = np.argsort(start, kind="stable")
        row = row[stable_order(resource[row] + 1)]
        ordered = resource[row]
        return cls(
            row,
            ordered,
            np.searchsorted(ordered, np.arange(resource.max(initial=-1) + 2)),
            enabled[row],
            start[row],
            finish[row],
            has_begun[row],
            clocks.taken(row),
        )

    def of_resource(self, places: Ints, resource: int) -> slice:
        """Return where in some places, which ascend, those of a resource are."""
        begin, end = np.searchsorted(places, self.bounds[resource : resource + 2])
        return slice(int(begin), int(end))


@dataclass(frozen=True, slots=True)
class _Line:
    """All that the sweep needs per instance of the work.

    ``full_from`` is per resource; clock readings have the rows enabled, ready, start, finish.
    """

    work: _Work
    ready: Floats
    batch: Ints
    n_in_batch: Ints
    full_from: Floats
    counted: Floats
    available: Floats

    @classmethod
    def of(cls, work: _Work, batch: Ints, full_from: Floats) -> _Line:
        """Return the work with its batches, from each instance's (-1 for none), and from when each resource is full."""
        ready, n_in_batch = _batch_ready(batch, work.enabled, work.start)
        instants = [work.enabled, ready, work.start, work.finish]
        counted, available = work.clocks.hours_at(instants, "counted"), work.clocks.hours_at(instants, "available")
        return cls(work, ready, batch, n_in_batch, full_from, counted, available)


def _without_dust(hours: Floats) -> Floats:
    return np.where(np.abs(hours) < 1e-3 / 3600, 0.0, hours)


def _capacities(
    work: _Work, names: list[str], given: Mapping[str, float], window: tuple[float, float]
) -> tuple[Floats, Ints]:
    """Return each resource's capacity and where it is from, a place in ``_SOURCES``; NaN and -1 without work."""
    if any(not size > 0 for size in given.values()):
        raise ValueError("A capacity of 0 or less cannot be; give a number above 0 or leave it out.")
    sizes, sources = np.full(len(names), np.nan), np.full(len(names), -1, dtype=np.int64)
    for resource in np.unique(work.resource[work.resource >= 0]).tolist():
        is_given = names[resource] in given
        sources[resource] = list(_SOURCES.categories).index("given" if is_given else "estimated")
        sizes[resource] = given[names[resource]] if is_given else _estimated_capacity(work, resource, window)
    return sizes, sources


def _estimated_capacity(work: _Work, resource: int, window: tuple[float, float]) -> float:
    places = np.arange(*work.bounds[resource : resource + 2])
    # Its people are those of one place: that of the first instance told.
    clock = work.clocks.clocks[work.clocks.place[places[np.argmin(work.row[places])]]].available
    in_work = places[work.has_begun[places]]
    occupancy = sweep_occupancy(
        clock.hours_at(work.start[in_work]),
        clock.hours_at(work.finish[in_work]),
        np.zeros(in_work.size, dtype=np.int64),
        1,
        clock.hours_at(np.array(window)),
    )
    is_measurable = occupancy.total_hours > 0
    return float(max(1, occupancy.percentile(0, CAPACITY_PERCENTILE))) if is_measurable else 1.0


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
    work, n_instances = line.work, line.ready.size
    contention, prioritization = np.zeros((2, n_instances)), np.zeros((2, n_instances))
    spans = _spans(line, waiting)
    is_compared = _compared(line, spans, max_pairs)
    for waits, number, other in _pairs(line, spans, is_compared):
        wait = waits[number]
        is_batch_mate = (line.batch[wait] >= 0) & (line.batch[wait] == line.batch[other])
        # A batch counts as enabled when it was complete; among its members their own order counts.
        since = np.where(is_batch_mate, work.enabled[wait], line.ready[wait])
        is_early = work.enabled[other] <= since
        lower, upper = line.ready[wait], work.start[wait]
        moments = np.concatenate([np.clip(work.start[other], lower, upper), np.clip(work.finish[other], lower, upper)])
        readings = [
            np.concatenate([np.clip(clock[2, other], low, high), np.clip(clock[3, other], low, high)])
            for clock, low, high in (
                (line.counted, line.counted[1, wait], line.counted[2, wait]),
                (line.available, line.available[1, wait], line.available[2, wait]),
            )
        ]
        of_wait = np.concatenate([number, number])
        step = np.repeat([1, -1], wait.size)
        order = np.argsort(moments, kind="stable")
        order = order[stable_order(of_wait[order])]
        of_wait = of_wait[order]
        in_work = np.cumsum(step[order])[:-1]
        early = np.cumsum((step * np.concatenate([is_early, is_early]))[order])[:-1]
        full_from = line.full_from[work.resource[waits]][of_wait[:-1]]
        is_full = in_work >= full_from
        is_contention = early >= full_from
        for row, reading in enumerate(readings):
            # Between the last end of one wait and the first of the next nothing is in work, so nothing is counted.
            length = np.diff(reading[order])
            for hours, holds in ((contention, is_contention), (prioritization, is_full & ~is_contention)):
                hours[row, waits] = np.bincount(of_wait[:-1][holds], weights=length[holds], minlength=waits.size)
    _fill_in(line, spans, is_compared, (contention, prioritization))
    return contention, prioritization


def _fill_in(line: _Line, spans: _Spans, is_compared: Flags, classes: tuple[Floats, Floats]) -> None:
    """Split the full hours of the waits that were not compared as those of their resource's compared ones are split."""
    work = line.work
    rest, done = spans.waiting[~is_compared], spans.waiting[is_compared]
    contention, prioritization = classes
    for resource in np.unique(work.resource[rest]).tolist():
        busy, mine, compared = (places[work.of_resource(places, resource)] for places in (spans.busy, rest, done))
        load = ResourceLoad.of(work.start[busy], work.finish[busy], float(line.full_from[resource]))
        for row, which in enumerate(("counted", "available")):
            full = np.zeros(mine.size)
            for place, clock in enumerate(work.clocks.clocks):
                on_clock = work.clocks.place[mine] == place
                chosen = mine[on_clock]
                full[on_clock] = load.full_hours(getattr(clock, which), line.ready[chosen], work.start[chosen])
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
    resource = line.work.resource[spans.waiting]
    _, first, number = np.unique(resource, return_index=True, return_inverse=True)
    n_pairs = np.bincount(number, weights=np.maximum(spans.highs - spans.lows, 0))
    step = np.maximum(np.ceil(n_pairs / max_pairs), 1).astype(np.int64)
    flags: Flags = (np.arange(resource.size) - first[number]) % step[number] == 0
    return flags


def _spans(line: _Line, waiting: Ints) -> _Spans:
    """Return the spans of waits, which are places that ascend."""
    work = line.work
    busy = np.flatnonzero(work.has_begun & (work.finish > work.start) & (work.resource >= 0))
    lows, highs = np.zeros(waiting.size, dtype=np.int64), np.zeros(waiting.size, dtype=np.int64)
    for resource in np.unique(work.resource[waiting]).tolist():
        in_work, mine = work.of_resource(busy, resource), work.of_resource(waiting, resource)
        of_resource = busy[in_work]
        # Everything before the first that reaches into the wait is over by then.
        reach = np.maximum.accumulate(work.finish[of_resource])
        lows[mine] = in_work.start + np.searchsorted(reach, line.ready[waiting[mine]], side="right")
        highs[mine] = in_work.start + np.searchsorted(work.start[of_resource], work.start[waiting[mine]], side="left")
    return _Spans(waiting, busy, lows, highs)


def _pairs(line: _Line, spans: _Spans, is_compared: Flags) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Yield waits, and in pairs ordered by wait its place in them and an instance of its resource in work during it.

    A wait is in one portion only.
    """
    waiting, busy, lows = spans.waiting, spans.busy, spans.lows
    n_pairs = np.where(is_compared, np.maximum(spans.highs - lows, 0), 0)
    portion = np.cumsum(n_pairs) // _PAIRS_AT_ONCE
    for number in np.unique(portion):
        chosen = np.flatnonzero((portion == number) & (n_pairs > 0))
        counts = n_pairs[chosen]
        if not counts.sum():
            continue
        waits, wait = waiting[chosen], np.repeat(np.arange(chosen.size), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        other = busy[np.repeat(lows[chosen], counts) + within]
        overlaps = (line.work.finish[other] > line.ready[waits][wait]) & (other != waits[wait])
        if overlaps.any():
            yield waits, wait[overlaps], other[overlaps]
