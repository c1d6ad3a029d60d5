"""Indicators of one line: how busy, starved and waited-for each active stage was over a window.

Belongs here: the numbers per stage of one value stream, level and workflow. Does not belong here: ranking stages, words
and the shape of the published table (:mod:`.stage_constraint_evidence`).

Sources: C. Roser, M. Nakano, M. Tanaka, "A practical bottleneck detection method", Winter Simulation Conference 2001,
for the share of time a stage is fully busy; H. Theil (1950) and P. K. Sen (1968) for the slope; the exact binomial test
of arrivals among arrivals and departures.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.exact_sums import summed_seconds
from orchestration.analytics.littles_law import check_littles_law
from orchestration.analytics.occupancy import Occupancy, sweep_occupancy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestration.analytics.array_types import Flags, Floats, Ints
    from orchestration.analytics.working_clock import WorkingClock

#: Share of the time whose number of items in work is taken as the capacity where none is given.
CAPACITY_PERCENTILE = 0.95
#: Weeks drawn together in the bootstrap, because neighbouring weeks resemble each other.
BOOTSTRAP_BLOCK_WEEKS = 3

#: What stages are ranked by, in the order of :meth:`StageWeeks.indicators`; higher points to the constraint.
INDICATORS = ("utilisation", "not_starved_share", "full_busy_share", "queue_mean")

_MIN_POINTS_SLOPE = 3
_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class LineVisits:
    """Visits of one line as arrays of equal length: stage, times in seconds since the epoch, the stage after.

    ``stage`` and ``next_stage`` are places in ``stage_names``, -1 for none. ``left`` is NaN for an open visit; one that
    ends at or after the last edge is measured as open too. ``edges`` are the boundaries of the weeks they are measured
    in, in seconds since the epoch. ``blocked_…`` are the stretches within visits to active stages in which the item was
    blocked, each moment of a visit once; ``blocked_to`` is NaN while it is.
    """

    stage_names: Sequence[str]
    stage: Ints
    entered: Floats
    left: Floats
    next_stage: Ints
    edges: Floats
    blocked_stage: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    blocked_from: Floats = field(default_factory=lambda: np.empty(0))
    blocked_to: Floats = field(default_factory=lambda: np.empty(0))

    def rows(self, stage: Ints, row_of_stage: Mapping[str, int]) -> Ints:
        """Return the row of each of some stages, given as places in ``stage_names``; -1 for a stage that has none."""
        rows: Ints = np.array([*(row_of_stage.get(name, -1) for name in self.stage_names), -1], dtype=np.int64)
        return rows[stage]


@dataclass(frozen=True, slots=True)
class StageWeeks:
    """Hours per active stage (rows) and week of the window (columns), from which every ranked indicator is a ratio.

    ``busy`` are hours of its capacity at work; ``idle`` hours with free capacity and nothing waiting; ``full`` hours at
    capacity; ``waiting`` item hours in its queue. ``idle`` and ``waiting`` are NaN for a stage without a queue stage,
    ``idle`` and ``full`` for one without a capacity.
    """

    week_hours: Floats
    capacity: Floats
    busy: Floats
    idle: Floats
    full: Floats
    waiting: Floats

    def indicators(self, weights: Floats) -> Floats:
        """Return the indicators over weighted weeks, shape (weightings, stages, len(INDICATORS)).

        ``weights`` has shape (weightings, weeks): all ones for the window, rows of the identity for single weeks, how
        often each week was drawn for resamples. NaN where not measured or where the weeks have no hours.
        """
        hours = (weights @ self.week_hours)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = [
                weights @ self.busy.T / (hours * self.capacity),
                1 - weights @ self.idle.T / hours,
                weights @ self.full.T / hours,
                weights @ self.waiting.T / hours,
            ]
        values: Floats = np.stack(shares, axis=-1)
        values[np.broadcast_to(hours <= 0, values.shape[:2])] = np.nan
        return values


def queues_before_active_stages(stages: pd.DataFrame) -> dict[str, list[str]]:
    """Return per active stage, in order of work, the queue stages directly before it.

    ``stages`` are the counted stages of one workflow with ``stage_id``, ``stage_kind``, ``position``; a queue stage
    belongs to the next active stage, so consecutive queue stages form one queue.
    """
    ordered = stages.sort_values(["position", "stage_id"])
    queues: dict[str, list[str]] = {}
    waiting: list[str] = []
    for stage_id, kind in zip(ordered["stage_id"], ordered["stage_kind"], strict=True):
        if kind == "queue":
            waiting.append(stage_id)
        elif kind == "active":
            queues[stage_id], waiting = waiting, []
    return queues


def theil_sen_slope(values: Floats) -> float:
    """Return the median of all pairwise slopes of equally spaced values (per step); NaN under 3 finite values."""
    position = np.flatnonzero(np.isfinite(values))
    if position.size < _MIN_POINTS_SLOPE:
        return float("nan")
    first, second = np.triu_indices(position.size, k=1)
    first, second = position[first], position[second]
    return float(np.median((values[second] - values[first]) / (second - first)))


def equal_odds_p_value(n_first: int, n_second: int) -> float:
    """Return the exact two-sided binomial p of n_first among n_first + n_second when both are equally likely.

    NaN when both are 0. The distribution is symmetric, so the p is twice the smaller tail, at most 1.
    """
    total, smaller = n_first + n_second, min(n_first, n_second)
    if total == 0:
        return float("nan")
    k = np.arange(smaller, dtype=float)
    log_ways = np.concatenate([[0.0], np.cumsum(np.log((total - k) / (k + 1)))])
    return float(min(1.0, 2 * np.exp(log_ways - total * np.log(2)).sum()))


def draw_weeks(uniforms: Floats, n_weeks: int) -> Ints:
    """Return the weeks of each moving-block resample, shape (resamples, n_weeks); needs 3 weeks or more.

    ``uniforms`` are draws from [0, 1) of shape (resamples, at least weeks / 3): each picks one block of 3 weeks.
    """
    n_blocks = -(-n_weeks // BOOTSTRAP_BLOCK_WEEKS)
    starts = (uniforms[:, :n_blocks] * (n_weeks - BOOTSTRAP_BLOCK_WEEKS + 1)).astype(np.int64)
    return (starts[:, :, None] + np.arange(BOOTSTRAP_BLOCK_WEEKS)).reshape(len(starts), -1)[:, :n_weeks]


def bootstrap_ratio_interval(
    numerators: Floats, denominators: Floats, uniforms: Floats, level: float = 0.95
) -> tuple[float, float]:
    """Return the percentile interval of sum(numerators) / sum(denominators) under a moving-block bootstrap of periods.

    ``uniforms`` as for :func:`draw_weeks`. The same draws serve every stage and line, so a line's interval does not
    depend on which others there are. NaN for fewer than 3 periods.
    """
    n_periods = numerators.size
    if n_periods < BOOTSTRAP_BLOCK_WEEKS:
        return float("nan"), float("nan")
    drawn = draw_weeks(uniforms, n_periods)
    totals = denominators[drawn].sum(axis=1)
    ratios = numerators[drawn].sum(axis=1)[totals > 0] / totals[totals > 0]
    if not ratios.size:
        return float("nan"), float("nan")
    lower, upper = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


def measure_line(
    visits: LineVisits,
    queues: Mapping[str, Sequence[str]],
    clock: WorkingClock,
    capacities: Mapping[str, float],
    uniforms: Floats,
) -> tuple[pd.DataFrame, StageWeeks]:
    """Measure every active stage of a line over the window and per week; one row per key of ``queues``, in their order.

    Parameters: ``visits`` of all counted stages of the line that began before the window's end; ``queues`` from
    :func:`queues_before_active_stages`; ``clock`` gives working hours; ``capacities`` items that a stage can work on at
    once, estimated for stages not in it (95th percentile of the items in work, at least 1 if any were); ``uniforms``
    see :func:`bootstrap_ratio_interval`.

    In work is an item in an active stage while it is not blocked. No more of a stage's capacity is busy than there is:
    an item beyond it, as one that was sent back and lies in the stage until somebody is free, is worked on by nobody.

    A stage with no item in work has no capacity and NaN indicators; one without a queue stage has NaN for everything
    that needs to know whether work was waiting. Shares are of the time on ``clock``; waiting days are elapsed.
    """
    stage_ids, edges = list(queues), visits.edges
    row_of_stage = {stage: 2 * index for index, stage in enumerate(stage_ids)}
    row_of_stage |= {queue: 2 * index + 1 for index, stage in enumerate(stage_ids) for queue in queues[stage]}
    row, next_row = (visits.rows(stage, row_of_stage) for stage in (visits.stage, visits.next_stage))
    end = np.where(np.isnan(visits.left), edges[-1], visits.left)
    in_row = row >= 0
    occupancy = _occupancy_in_work(visits, (visits.entered[in_row], end[in_row], row[in_row]), stage_ids, clock)
    inside = np.maximum(np.minimum(end, edges[-1]) - np.maximum(visits.entered, edges[0]), 0)
    # Visits to other counted stages come last: their days are in the line too.
    days = summed_seconds(inside, np.where(in_row, row, 2 * len(stage_ids)), 2 * len(stage_ids) + 1) / _SECONDS_PER_DAY
    flow = _flow_counts(visits, row, next_row, 2 * len(stage_ids))
    station = row // 2
    capacity = np.array([_capacity(occupancy, index, capacities.get(stage)) for index, stage in enumerate(stage_ids)])
    weeks = _weekly_hours(occupancy, capacity, np.array([bool(queues[stage]) for stage in stage_ids]))
    rows = [
        {
            **_measure_stage(index, occupancy, weeks, uniforms),
            **_count_flow(index, flow),
            **_measure_wait(index, days, has_queue=bool(queues[stage])),
            **_check_flow(station == index, visits),
        }
        for index, stage in enumerate(stage_ids)
    ]
    measured = pd.DataFrame(rows)
    over_window = weeks.indicators(np.ones((1, weeks.week_hours.size)))[0]
    for indicator, values in zip(INDICATORS, over_window.T, strict=True):
        measured[indicator] = values
    measured.insert(0, "stage_id", stage_ids)
    measured["capacity_estimate"] = capacity
    measured["capacity_source"] = ["given" if stage in capacities else "estimated" for stage in stage_ids]
    per_server = (measured["queue_mean"] / measured["capacity_estimate"]).dropna()
    is_comparable = len(per_server) > 1 and per_server.mean() > 0
    measured["wip_imbalance"] = per_server.max() / per_server.mean() if is_comparable else np.nan
    return measured, weeks


def _occupancy_in_work(
    visits: LineVisits, spans: tuple[Floats, Floats, Ints], stage_ids: list[str], clock: WorkingClock
) -> Occupancy:
    """Count the items per row; in the rows of active stages (the even ones) without those that are blocked.

    ``spans``: when visits begin and end, in seconds since the epoch, and their rows.
    """
    n_rows, edges = 2 * len(stage_ids), visits.edges
    row = visits.rows(visits.blocked_stage, {stage: n_rows + index for index, stage in enumerate(stage_ids)})
    is_of_line = row >= 0
    until = np.where(np.isnan(visits.blocked_to), edges[-1], visits.blocked_to)
    # One that is blocked after the window has been blocked at no moment in it.
    blocked_from = np.minimum(visits.blocked_from, until)
    begins, ends, rows = (
        np.concatenate(pair)
        for pair in zip(spans, (blocked_from[is_of_line], until[is_of_line], row[is_of_line]), strict=True)
    )
    swept = sweep_occupancy(
        clock.hours_at(begins), clock.hours_at(ends), rows, n_rows + len(stage_ids), clock.hours_at(edges)
    )
    counts = swept.counts[:n_rows].copy()
    counts[0::2] -= swept.counts[n_rows:]
    return replace(swept, counts=counts)


def _capacity(occupancy: Occupancy, index: int, given: float | None) -> float:
    if given is not None:
        if not given > 0:
            raise ValueError(f"A capacity of {given} cannot be; give a number above 0 or leave it out.")
        return float(given)
    if not occupancy.counts[2 * index].any() or occupancy.total_hours == 0:
        return float("nan")
    return float(max(1, occupancy.percentile(2 * index, CAPACITY_PERCENTILE)))


def _weekly_hours(occupancy: Occupancy, capacity: Floats, has_queue: Flags) -> StageWeeks:
    """Return what the sweep says about every stage and week."""
    in_work, waiting = occupancy.counts[0::2], occupancy.counts[1::2]
    at_most = np.where(np.isnan(capacity), np.inf, capacity)[:, None]
    is_full = in_work >= at_most
    full = occupancy.period_sums(is_full)
    full[np.isnan(capacity)] = np.nan
    idle = occupancy.period_sums(~is_full & (waiting == 0))
    idle[np.isnan(capacity) | ~has_queue] = np.nan
    waiting_hours = occupancy.period_sums(waiting)
    waiting_hours[~has_queue] = np.nan
    return StageWeeks(
        week_hours=occupancy.period_hours,
        capacity=capacity,
        busy=occupancy.period_sums(np.minimum(in_work, at_most)),
        idle=idle,
        full=full,
        waiting=waiting_hours,
    )


def _measure_stage(index: int, occupancy: Occupancy, weeks: StageWeeks, uniforms: Floats) -> dict[str, float]:
    """Measure what the sweep says about one stage beside the ranked indicators."""
    lower, upper = bootstrap_ratio_interval(weeks.busy[index], weeks.capacity[index] * weeks.week_hours, uniforms)
    has_hours = weeks.week_hours > 0
    weekly = np.full(weeks.week_hours.size, np.nan)
    weekly[has_hours] = weeks.waiting[index, has_hours] / weeks.week_hours[has_hours]
    is_waiting = occupancy.counts[2 * index + 1] > 0
    return {
        "utilisation_lower": lower,
        "utilisation_upper": upper,
        "queue_growth_per_week": theil_sen_slope(weekly),
        "downstream_starvation_share": _downstream_idle_share(index, is_waiting, occupancy, weeks.capacity),
    }


def _downstream_idle_share(index: int, is_waiting: Flags, occupancy: Occupancy, capacities: Floats) -> float:
    """Return the mean idle share of the later stages while work waits before this one; NaN if that never happens."""
    later = np.arange(index + 1, capacities.size)
    later = later[np.isfinite(capacities[later])]
    hours = occupancy.hours[is_waiting]
    if not later.size or hours.sum() == 0:
        return float("nan")
    capacity = capacities[later][:, None]
    idle = 1 - np.minimum(occupancy.counts[2 * later][:, is_waiting], capacity) / capacity
    return float(np.average(idle.mean(axis=0), weights=hours))


@dataclass(frozen=True, slots=True)
class _FlowCounts:
    """Visits per row (stages even, their queues odd) in the window: begun, ended, and ended by a move within both."""

    entered: Ints
    left: Ints
    moved: Ints


def _flow_counts(visits: LineVisits, row: Ints, next_row: Ints, n_rows: int) -> _FlowCounts:
    edges, in_row = visits.edges, row >= 0
    entered = in_row & (visits.entered >= edges[0]) & (visits.entered < edges[-1])
    left = in_row & (visits.left >= edges[0]) & (visits.left < edges[-1])
    moved = left & (row // 2 == next_row // 2)
    return _FlowCounts(*(np.bincount(row[chosen], minlength=n_rows) for chosen in (entered, left, moved)))


def _count_flow(index: int, flow: _FlowCounts) -> dict[str, float]:
    """Count arrivals to a stage with its queue, departures from the stage, and items that left its queue unserved."""
    both = slice(2 * index, 2 * index + 2)
    left = flow.left - flow.moved
    n_arrivals = int(flow.entered[both].sum() - flow.moved[both].sum())
    n_departures, n_left_queue = int(left[2 * index]), int(left[2 * index + 1])
    return {
        "n_arrivals": n_arrivals,
        "n_departures": n_departures,
        "n_left_queue": n_left_queue,
        "arrivals_minus_departures": n_arrivals - n_departures - n_left_queue,
        "arrivals_departures_p_value": equal_odds_p_value(n_arrivals, n_departures + n_left_queue),
    }


def _check_flow(of_station: Flags, visits: LineVisits) -> dict[str, float | bool | None]:
    """Check Little's law on the stage together with its queue."""
    check = check_littles_law(
        visits.entered[of_station], visits.left[of_station], float(visits.edges[0]), float(visits.edges[-1])
    )
    return {
        "littles_law_items": check.mean_items,
        "littles_law_left_per_week": 7 * check.left_per_day,
        "littles_law_days": check.mean_days,
        "littles_law_gap": check.gap,
        "littles_law_holds": check.holds,
    }


def _measure_wait(index: int, days: Floats, *, has_queue: bool) -> dict[str, float]:
    """Sum the elapsed waiting before a stage, and its share of all time that items spent in the line."""
    if not has_queue:
        return {"wait_elapsed_days": float("nan"), "wait_share": float("nan")}
    wait = float(days[2 * index + 1])
    total = float(days.sum())
    return {"wait_elapsed_days": wait, "wait_share": wait / total if total > 0 else float("nan")}
