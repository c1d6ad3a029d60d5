"""Measuring every line of a portfolio once, for all that is then said about its stages.

Belongs here: which visits make up a line, the weeks it is measured in, and its numbers per stage and week. Does not
belong here: the indicators' formulas (:mod:`.stage_indicators`), ranks, probabilities, words and published tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.line_visits import (
    BLOCKED_COLUMNS,
    VISIT_COLUMNS,
    CountedVisits,
    VisitedLine,
    visited_lines,
)
from orchestration.analytics.occupancy import sweep_occupancy
from orchestration.analytics.stage_indicators import (
    BOOTSTRAP_BLOCK_WEEKS,
    LineVisits,
    StageWeeks,
    measure_line,
    queues_before_active_stages,
)
from orchestration.analytics.working_clock import (
    WorkingClock,
    calendar_clock,
    elapsed_clock,
    seconds_since_epoch,
    week_edges,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestration.analytics.array_types import Floats

WINDOW_WEEKS = 13
#: The queue is not ranked in a line in which a limit on work in progress was reached in more than this share of weeks.
MAX_WIP_LIMIT_HIT_SHARE = 0.2

STAGE_COLUMNS = (
    "stage_id",
    "workflow_id",
    "stage_name",
    "stage_kind",
    "position",
    "is_counted",
    "is_cancelled",
    "is_unmapped",
    "wip_limit",
)


_STAGE_TYPES = {"is_counted": "bool", "is_cancelled": "bool", "is_unmapped": "bool", "wip_limit": "float64"}


@dataclass(frozen=True, slots=True)
class MeasuredLine:
    """One line (scope, level, workflow) over one window.

    ``scope`` is what lines are told apart by (``value_stream``, ``train``) and ``scope_id`` which one this is.
    ``stages`` has one row per active stage in order of work: stage_id, stage_name, stage_position and the numbers of
    :func:`.stage_indicators.measure_line`; ``weeks`` has its rows in the same order. ``uniforms`` are the draws that
    resample the weeks, the same for every line and stage; ``edges`` (seconds since the epoch) part them, ``clock``
    tells their working hours.
    """

    scope: str
    scope_id: str
    value_stream_id: str
    level: str
    workflow_id: str
    window_weeks: int
    n_weeks: int
    window_start: pd.Timestamp
    window_end: pd.Timestamp
    is_working_time: bool
    is_queue_ranked: bool
    left_out_share: float
    stages: pd.DataFrame
    weeks: StageWeeks
    uniforms: Floats
    edges: Floats
    clock: WorkingClock


@dataclass(frozen=True, slots=True)
class _Window:
    """The weeks of one value stream: boundaries as instants and in seconds, and the clock that runs in them."""

    edges: pd.DatetimeIndex
    seconds: Floats
    clock: WorkingClock
    zone: str
    is_given: bool

    def since(self, first_entry: float) -> _Window:
        """Return the window without the weeks before the line's first item, unless the caller has fixed its start.

        A first week that is not whole goes too, but the last week always stays.
        """
        kept = np.ones(self.seconds.size, dtype=bool) if self.is_given else self.seconds >= first_entry
        kept[-2:] = True
        return _Window(self.edges[kept], self.seconds[kept], self.clock, self.zone, self.is_given)

    @property
    def n_weeks(self) -> int:
        """Number of whole local weeks; a shorter first period does not count."""
        local = self.edges.tz_convert(self.zone).tz_localize(None)
        return int((local[1:] - local[:-1] >= pd.Timedelta(weeks=1)).sum())


def measure_lines(
    visits: pd.DataFrame,
    stages: pd.DataFrame,
    window_end: pd.Timestamp,
    *,
    generator: np.random.Generator,
    scope_column: str = "value_stream_id",
    window_weeks: int = WINDOW_WEEKS,
    window_start: pd.Timestamp | None = None,
    calendar: pd.DataFrame | None = None,
    day_start: str | None = None,
    day_end: str | None = None,
    timezones: Mapping[str, str] | None = None,
    capacities: Mapping[tuple[str, str], float] | None = None,
    blocked: pd.DataFrame | None = None,
    n_resamples: int = 500,
) -> list[MeasuredLine]:
    """Measure every active stage of every line over the last weeks, ordered by value stream, workflow, scope, level.

    Only mapped, counted, not cancelled stages take part; the queue of an active stage is the queue stage or stages
    directly before it. Nothing at or after ``window_end`` is read. Visits without a value stream, scope or level are
    left out, and visits of items without a usable history too; ``left_out_share`` is their share (0 to 1) of the
    line's visits to queue and active stages in the window.

    Parameters
    ----------
    visits: one row per stage visit with ``VISIT_COLUMNS`` and the scope column (grain of ``fct_stage_visits``);
        ``exited_at`` NaT = open; instants without a zone are UTC.
    stages: one row per stage with ``STAGE_COLUMNS`` (grain of ``dim_stages``). A ``wip_limit`` holds for the stage in a
        value stream over all its trains and levels.
    window_end: first instant after the window, for example the start of the current week. Without a zone it is
        wall-clock time in each value stream's zone.
    generator: random numbers that resample the weeks.
    scope_column: what tells lines apart: ``value_stream_id``, or a part of a value stream such as ``train_id``.
    window_weeks, window_start: length of the window; a given start is kept as it is, else the weeks before a line's
        first item are dropped.
    calendar: ``calendar_date`` and ``working_hours`` per day. Time then runs on the working clock for everything but
        the waiting days and ``wait_share``; ``day_start`` and ``day_end`` say when in the day it runs.
    timezones: zone per value stream, UTC for those not in it.
    capacities: items worked on at once, by (scope id, stage_id); estimated for those not in it.
    blocked: one row per stretch of a visit to an active stage in which the item was blocked, each moment of a visit
        once, with ``BLOCKED_COLUMNS`` and the scope column; ``blocked_to`` NaT = it still is. Nobody works on it then.
        Without it a visit counts as work from entry to exit.
    n_resamples: bootstrap resamples of the weeks.

    Raises ``ValueError`` for missing columns, a stage that ``stages`` does not hold, a visit that ends before it
    begins, a capacity of 0 or less, or a calendar that does not cover the window.
    """
    _check_columns(visits, (*VISIT_COLUMNS, scope_column), "stage visits", "VISIT_COLUMNS")
    _check_columns(stages, STAGE_COLUMNS, "stages", "STAGE_COLUMNS")
    if blocked is not None:
        _check_columns(blocked, (*BLOCKED_COLUMNS, scope_column), "blocked stretches", "BLOCKED_COLUMNS")
    stages = stages.astype(_STAGE_TYPES)
    return measure_visited_lines(
        visited_lines(visits, stages, scope_column, blocked),
        stages,
        window_end,
        generator=generator,
        scope_column=scope_column,
        window_weeks=window_weeks,
        window_start=window_start,
        calendar=calendar,
        day_start=day_start,
        day_end=day_end,
        timezones=timezones,
        capacities=capacities,
        n_resamples=n_resamples,
    )


def measure_visited_lines(
    visited: list[VisitedLine],
    stages: pd.DataFrame,
    window_end: pd.Timestamp,
    *,
    generator: np.random.Generator,
    scope_column: str = "value_stream_id",
    window_weeks: int = WINDOW_WEEKS,
    window_start: pd.Timestamp | None = None,
    calendar: pd.DataFrame | None = None,
    day_start: str | None = None,
    day_end: str | None = None,
    timezones: Mapping[str, str] | None = None,
    capacities: Mapping[tuple[str, str], float] | None = None,
    n_resamples: int = 500,
) -> list[MeasuredLine]:
    """Measure lines that are sorted already, as several windows of the same visits need; see :func:`measure_lines`."""
    stages = stages.astype(_STAGE_TYPES)
    taking_part = stages.loc[stages["is_counted"] & ~stages["is_cancelled"] & ~stages["is_unmapped"]]
    # One more than the periods of the window, as a start given with a zone may cut one more week in another zone.
    n_periods = len(week_edges(window_end, window_weeks, "UTC", window_start))
    uniforms = generator.random((n_resamples, -(-n_periods // BOOTSTRAP_BLOCK_WEEKS)))
    lines: list[MeasuredLine] = []
    for (stream, workflow), lines_of_stream in groupby(
        visited, key=lambda line: (line.value_stream_id, line.workflow_id)
    ):
        zone = (timezones or {}).get(stream, "UTC")
        edges = week_edges(window_end, window_weeks, zone, window_start)
        clock = elapsed_clock(edges) if calendar is None else calendar_clock(calendar, edges, zone, day_start, day_end)
        window = _Window(edges, seconds_since_epoch(edges), clock, zone, is_given=window_start is not None)
        before_end = [(line, line.visits.where(line.visits.entered < window.seconds[-1])) for line in lines_of_stream]
        before_end = [(line, of_line) for line, of_line in before_end if of_line.entered.size]
        if not before_end:
            continue
        line_stages = taking_part.loc[taking_part["workflow_id"] == workflow]
        queues = queues_before_active_stages(line_stages)
        if not queues:
            continue
        is_queue_ranked = not _is_held_by_wip_limits([of_line for _, of_line in before_end], line_stages, window)
        for line, of_line in before_end:
            given = {stage: size for (owner, stage), size in (capacities or {}).items() if owner == line.scope_id}
            usable = of_line.entered[of_line.is_usable]
            # A line of which nothing can be measured keeps its rows: they say that all of it was left out.
            line_window = window.since(float((usable if usable.size else of_line.entered).min()))
            measured, weeks = measure_line(_reaching_into(line, of_line, line_window), queues, clock, given, uniforms)
            named = measured.merge(line_stages[["stage_id", "stage_name", "position"]], on="stage_id", how="left")
            first_day, last_day = _local_days(line_window)
            lines.append(
                MeasuredLine(
                    scope=scope_column.removesuffix("_id"),
                    scope_id=line.scope_id,
                    value_stream_id=stream,
                    level=line.level,
                    workflow_id=workflow,
                    window_weeks=window_weeks,
                    n_weeks=line_window.n_weeks,
                    window_start=first_day,
                    window_end=last_day,
                    is_working_time=clock.is_working_time,
                    is_queue_ranked=is_queue_ranked,
                    left_out_share=_left_out_share(of_line, line_window),
                    stages=named.rename(columns={"position": "stage_position"}),
                    weeks=weeks,
                    uniforms=uniforms,
                    edges=line_window.seconds,
                    clock=clock,
                )
            )
    return lines


def capacities_by_stage(
    capacities: pd.DataFrame, scope_column: str = "value_stream_id"
) -> dict[tuple[str, str], float]:
    """Return the capacities that :func:`measure_lines` takes from one row per scope and stage.

    ``capacities`` has the scope column, ``stage_id`` and ``capacity``: the people at work in the stage on a working
    day, without those away. A row without a capacity, or with 0, is left out, and the stage's is estimated. Raises
    ``ValueError`` for two rows on one stage.
    """
    if capacities.duplicated([scope_column, "stage_id"]).any():
        raise ValueError("A stage has two capacities; pass one row for each.")
    known = capacities.loc[capacities["capacity"] > 0]
    return {
        (str(scope), str(stage)): float(size)
        for scope, stage, size in zip(known[scope_column], known["stage_id"], known["capacity"], strict=True)
    }


def _check_columns(frame: pd.DataFrame, wanted: tuple[str, ...], what: str, name: str) -> None:
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise ValueError(f"The {what} lack {', '.join(missing)}; pass the columns of {name}.")


def _left_out_share(visits: CountedVisits, window: _Window) -> float:
    """Return the share of the visits in the window that belong to unusable histories; NaN if there was no visit."""
    start, end = window.seconds[0], window.seconds[-1]
    inside = visits.is_usable[(visits.entered < end) & ~(visits.left < start)]
    return float(1 - inside.mean()) if inside.size else float("nan")


def _reaching_into(line: VisitedLine, visits: CountedVisits, window: _Window) -> LineVisits:
    """Return the usable visits that were not over before the window, and their blocked stretches, to be measured."""
    chosen = visits.where(visits.is_usable & ~(visits.left < window.seconds[0]))
    blocked = line.blocked.where(~(line.blocked.end < window.seconds[0]))
    return LineVisits(
        chosen.stage_names,
        chosen.stage,
        chosen.entered,
        chosen.left,
        chosen.next_stage,
        edges=window.seconds,
        blocked_stage=blocked.stage,
        blocked_from=blocked.begin,
        blocked_to=blocked.end,
    )


def _is_held_by_wip_limits(of_stream: list[CountedVisits], line_stages: pd.DataFrame, window: _Window) -> bool:
    """Return whether any stage reached its limit on work in progress in more than a fifth of the weeks.

    A limit moves the queue upstream of where it arises, so one that binds makes queues of the whole line misleading.
    """
    limited = line_stages.loc[line_stages["wip_limit"].notna(), ["stage_id", "wip_limit"]].reset_index(drop=True)
    if limited.empty or not of_stream:
        return False
    usable = [visits.where(visits.is_usable) for visits in of_stream]
    window = window.since(
        min((float(visits.entered.min()) for visits in usable if visits.entered.size), default=np.nan)
    )
    places = dict(zip(limited["stage_id"], limited.index, strict=True))
    rows = [np.array([*(places.get(name, -1) for name in one.stage_names), -1])[one.stage] for one in usable]
    row = np.concatenate(rows)
    is_held = row >= 0
    entered = np.concatenate([one.entered for one in usable])[is_held]
    left = np.concatenate([one.left for one in usable])[is_held]
    left = np.where(np.isnan(left), window.seconds[-1], left)
    occupancy = sweep_occupancy(
        window.clock.hours_at(entered),
        window.clock.hours_at(left),
        row[is_held],
        len(limited),
        window.clock.hours_at(window.seconds),
    )
    at_limit = occupancy.counts >= limited["wip_limit"].to_numpy(dtype=float)[:, None]
    n_periods = occupancy.period_hours.size
    weeks_hit = [np.unique(occupancy.period[reached]).size for reached in at_limit]
    return max(weeks_hit) > MAX_WIP_LIMIT_HIT_SHARE * n_periods


def _local_days(window: _Window) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last local day of the window."""
    local = window.edges.tz_convert(window.zone).tz_localize(None)
    return local[0].normalize(), (local[-1] - pd.Timedelta(microseconds=1)).normalize()
