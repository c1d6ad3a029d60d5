"""Visits (maximal spans in one stage) and segments (the same, also cut where team, level or work type changes).

Written from metrics.md ("Stage visit", "Backward move", "Skipped stage", "reopened") and DECISIONS.md ("What is the
finish of an item that moved on between done stages, or was reopened?", "A status that nobody mapped").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from tests.reference.mapping import Membership, Placed
from tests.reference.records import Item, Stage


@dataclass
class Visit:
    """A maximal span in one stage; `left_at` is None while the item is there. Membership is that at entry."""

    stage: Stage
    membership: Membership
    entered_at: datetime
    left_at: datetime | None
    number: int = 1  # how many times it has now been in this stage
    is_backward: bool = False
    is_rework: bool = False
    is_reopening: bool = False
    is_end: bool = False
    is_after_end: bool = False
    newly_reached: tuple[str, ...] = ()  # stages that the item has with this visit reached or passed for the first time


@dataclass
class Segment:
    """A maximal span in one stage, team, level and work type."""

    stage: Stage
    membership: Membership
    started_at: datetime
    ended_at: datetime | None


def visits_of(item: Item, placed: Sequence[Placed], stages: dict[str, Stage]) -> list[Visit]:
    """Fold the item's counted life into visits and say what each is in that life."""
    visits: list[Visit] = []
    for row in placed:
        assert row.stage is not None
        if not visits or visits[-1].stage.stage_id != row.stage.stage_id:
            visits.append(Visit(row.stage, row.membership, row.at, None))
    for before, after in pairwise(visits):
        before.left_at = after.entered_at
    if visits:
        visits[-1].left_at = _left_with_its_tool(item, visits[-1].stage, visits[-1].entered_at)
    _number(visits)
    _mark_moves(visits, stages)
    _mark_end(visits)
    return visits


def segments_of(item: Item, placed: Sequence[Placed]) -> list[Segment]:
    """Fold the item's counted life into segments, whose sums make the day tables."""
    segments: list[Segment] = []
    for row in placed:
        assert row.stage is not None
        if not segments or _is_cut(segments[-1], row):
            segments.append(Segment(row.stage, row.membership, row.at, None))
    for before, after in pairwise(segments):
        before.ended_at = after.started_at
    if segments:
        segments[-1].ended_at = _left_with_its_tool(item, segments[-1].stage, segments[-1].started_at)
    return segments


def _is_cut(segment: Segment, row: Placed) -> bool:
    before, now = segment.membership, row.membership
    return (
        row.stage != segment.stage
        or (before.team_id, before.level, before.work_type) != (now.team_id, now.level, now.work_type)
    )  # fmt: skip


def _left_with_its_tool(item: Item, stage: Stage, since: datetime) -> datetime | None:
    """What is removed from its tool leaves for nowhere; finished work stays finished."""
    if item.removed_at is None or stage.stage_kind == "done":
        return None
    return max(since, item.removed_at)


def _number(visits: list[Visit]) -> None:
    times: dict[str, int] = {}
    for visit in visits:
        times[visit.stage.stage_id] = times.get(visit.stage.stage_id, 0) + 1
        visit.number = times[visit.stage.stage_id]


def _mark_moves(visits: list[Visit], stages: dict[str, Stage]) -> None:
    """Places are places of one workflow: each workflow remembers where the item was last and how far it has got."""
    last_place: dict[str, int] = {}
    furthest: dict[str, int] = {}
    is_reworking: dict[str, bool] = {}  # between a move backward and the return to the furthest stage reached before
    kind_before = None
    for visit in visits:
        workflow, place = visit.stage.workflow_id, visit.stage.place
        visit.is_reopening = kind_before == "done" and visit.stage.stage_kind != "done"
        kind_before = visit.stage.stage_kind
        if place is None:
            continue
        reached_before = furthest.get(workflow, 0)
        if workflow in last_place:
            visit.is_backward = place < last_place[workflow]
            if visit.is_backward:
                is_reworking[workflow] = True
            visit.is_rework = is_reworking.get(workflow, False) and place <= reached_before
            if place >= reached_before:
                is_reworking[workflow] = False
        visit.newly_reached = tuple(
            stage.stage_id
            for stage in stages.values()
            if stage.workflow_id == workflow and stage.is_declared and reached_before < stage.position <= place
        )
        last_place[workflow] = place
        furthest[workflow] = max(reached_before, place)


def _mark_end(visits: list[Visit]) -> None:
    """The end is the first visit of the last unbroken run of done stages, if the life ends in one."""
    for visit in reversed(visits):
        if visit.stage.stage_kind != "done":
            break
        visit.is_after_end = True
    for visit in visits:
        if visit.is_after_end:
            visit.is_end = True
            break
