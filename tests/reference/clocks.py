"""The clocks of one item: metrics.md, "The clocks of one item", and DECISIONS.md on where flow and cycle time start.

All of an item's instants are UTC; its days are local to the value stream it belongs to when it ends, or today.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tests.reference.blocking import Interval, overlap
from tests.reference.histories import History
from tests.reference.mapping import Membership
from tests.reference.records import Stage, Told, days, local_day
from tests.reference.visits import Visit


@dataclass
class Clocks:
    """Where an item's clocks start and end."""

    born_at: datetime
    flow_started_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    is_cancelled: bool
    n_reopenings: int

    @property
    def finished_at(self) -> datetime | None:
        return None if self.is_cancelled else self.ended_at


@dataclass
class Measured:
    """A counted item with its durations; None is what cannot be measured."""

    work_item_id: str
    membership: Membership
    estimate: float | None
    clocks: Clocks
    is_usable: bool
    finished_date: date | None
    cancelled_date: date | None
    lead_time: tuple[int, float] | None  # calendar days, elapsed days
    flow_time: tuple[int, float] | None
    cycle_time: tuple[int, float] | None
    stage_times: tuple[float, float, float] | None  # active, waiting, blocked days
    has_flow_efficiency: bool
    rework: float | None
    idea_to_value: tuple[int, float] | None


def clocks_of(visits: Sequence[Visit], stages: dict[str, Stage]) -> Clocks:
    """Read the clocks off an item's visits."""
    ends = [visit for visit in visits if visit.is_end]
    return Clocks(
        born_at=visits[0].entered_at,
        flow_started_at=_first(
            visit for visit in visits if visit.stage.is_counted and visit.stage.stage_kind != "done"
        ),
        started_at=_first(visit for visit in visits if is_start(visit.stage, stages)),
        ended_at=ends[0].entered_at if ends else None,
        is_cancelled=bool(ends) and visits[-1].stage.is_cancelled,
        n_reopenings=sum(visit.is_reopening for visit in visits),
    )


def _first(visits) -> datetime | None:
    return next((visit.entered_at for visit in visits), None)


def is_start(stage: Stage, stages: dict[str, Stage]) -> bool:
    """Does cycle time start on entry: the commitment stage or one beyond it, and not a done stage?

    What nobody mapped stands nowhere in the workflow: someone works on it, or it waits.
    """
    if stage.stage_kind == "done":
        return False
    if stage.is_unmapped:
        return stage.stage_kind == "active"
    declared = [other for other in stages.values() if other.workflow_id == stage.workflow_id and other.is_declared]
    committed = [other.position for other in declared if other.is_commitment]
    active = [other.position for other in declared if other.stage_kind == "active"]
    return stage.position >= (min(committed) if committed else min(active))


def measured(
    told: Told,
    history: History,
    visits: Sequence[Visit],
    blocked: Sequence[Interval],
    *,
    today: Membership,
    idea_born_at: datetime,
) -> Measured:
    """Measure one counted item.

    Args:
        told: For the stages, and the zones in which its days are counted.
        history: The item's own.
        visits: The item's own, in order.
        blocked: When it was blocked, merged.
        today: Its membership at as_of; an item that ended stays in that of its end.
        idea_born_at: Birth of the topmost item that it belonged to when it ended.
    """
    clocks = clocks_of(visits, told.stages)
    end = next((visit for visit in visits if visit.is_end), None)
    membership = end.membership if end else today
    timezone = told.timezone_of_team(membership.team_id)
    finished_at = clocks.finished_at
    usable = history.is_usable

    def duration(start: datetime | None, *, is_told: bool) -> tuple[int, float] | None:
        if start is None or finished_at is None or not is_told or finished_at < start:
            return None
        calendar = (local_day(finished_at, timezone) - local_day(start, timezone)).days + 1
        return calendar, days(start, finished_at)

    # Lead time asks only that something tells of the finish.
    is_finish_told = usable or (
        finished_at is not None and finished_at > clocks.born_at and not history.is_end_inferred
    )
    stage_times, had_active = None, False
    rework = None
    if finished_at is not None and usable and clocks.flow_started_at is not None:
        stage_times, had_active = _stage_times(visits, clocks.flow_started_at, blocked)
        rework = _rework_days(visits, clocks.flow_started_at)
    return Measured(
        work_item_id=history.item.work_item_id,
        membership=membership,
        estimate=history.item.estimate,
        clocks=clocks,
        is_usable=usable,
        finished_date=local_day(finished_at, timezone) if finished_at else None,
        cancelled_date=local_day(clocks.ended_at, timezone) if clocks.is_cancelled and clocks.ended_at else None,
        lead_time=duration(clocks.born_at, is_told=is_finish_told),
        flow_time=duration(clocks.flow_started_at, is_told=usable),
        cycle_time=duration(clocks.started_at, is_told=usable),
        stage_times=stage_times,
        has_flow_efficiency=stage_times is not None and had_active and sum(stage_times) > 0,
        rework=rework,
        idea_to_value=duration(min(idea_born_at, clocks.born_at), is_told=is_finish_told),
    )


def _within(visit: Visit, flow_started_at: datetime) -> tuple[datetime, datetime] | None:
    """The part of a visit within flow time; None for a visit before or after it."""
    if visit.is_after_end or visit.left_at is None:
        return None
    if visit.left_at <= flow_started_at and visit.entered_at < flow_started_at:
        return None
    return max(visit.entered_at, flow_started_at), visit.left_at


def _stage_times(
    visits: Sequence[Visit], flow_started_at: datetime, blocked: Sequence[Interval]
) -> tuple[tuple[float, float, float], bool]:
    """Flow time cut in three: active, waiting, blocked while active. What is blocked in a queue waits, once."""
    active = waiting = stopped = 0.0
    had_active = False
    for visit in visits:
        span = _within(visit, flow_started_at)
        if span is None:
            continue
        length = (span[1] - span[0]).total_seconds()
        if visit.stage.stage_kind == "active":
            had_active = True
            stopped_here = overlap(blocked, *span)
            stopped += stopped_here
            active += length - stopped_here
        else:
            waiting += length
    return (active / 86400, waiting / 86400, stopped / 86400), had_active


def _rework_days(visits: Sequence[Visit], flow_started_at: datetime) -> float:
    """Days of flow time in visits that follow a move backward, up to the furthest stage reached before."""
    total = 0.0
    for visit in visits:
        span = _within(visit, flow_started_at)
        if span is not None and visit.is_rework:
            total += days(*span)
    return total
