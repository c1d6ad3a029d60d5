"""Features, epics and sub-tasks: what follows from the stories' lives.

Belongs here: a feature is being implemented from its first story's Build on and is done some days after its last
story; an epic likewise over its features; sub-tasks live inside their story's Build. Does not belong here: how
stories flow (``simulator``).
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np

from orchestration.portfolio.example import records
from orchestration.portfolio.example.records import SimulatedItem
from orchestration.portfolio.example.working_clock import END_MS

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_ENDED = (records.DONE, records.CANCELLED)


def complete_parents(items: list[SimulatedItem], rng: np.random.Generator) -> None:
    """Append to features and epics (in place) the moves that their children bring about."""
    children: defaultdict[int, list[SimulatedItem]] = defaultdict(list)
    for item in items:
        if item.parent is not None:
            children[id(item.parent)].append(item)
    features = [item for item in items if item.level == "feature"]
    for feature, hours in zip(features, rng.gamma(2.0, 18.0, len(features)).tolist(), strict=True):
        _follow(feature, children[id(feature)], records.BUILD, records.READY, hours)
    newest = {item.stream.id: item for item in items if item.level == "epic"}
    for item in items:
        if item.level == "epic" and item is not newest[item.stream.id]:
            _follow(item, children[id(item)], records.IMPLEMENTING, records.PORTFOLIO_BACKLOG, 0.0)


def _follow(
    parent: SimulatedItem, children: list[SimulatedItem], start: str, waits_in: str, validation_hours: float
) -> None:
    starts = [at for at in (child.first(start) for child in children) if at is not None]
    if not starts or parent.status != waits_in:
        return
    implementing = max(min(starts), parent.moves[-1][0] + HOUR_MS)
    if implementing >= END_MS:
        return
    parent.moves.append((implementing, records.IMPLEMENTING))
    if any(child.status not in _ENDED for child in children):
        return
    finished = max(implementing, *(child.moves[-1][0] for child in children)) + HOUR_MS
    if parent.level == "feature":
        if finished >= END_MS:
            return
        parent.moves.append((finished, records.VALIDATING))
        finished += int(validation_hours * HOUR_MS)
    if finished < END_MS:
        parent.moves.append((finished, records.DONE))


def sub_tasks(stories: list[SimulatedItem], number: int, rng: np.random.Generator) -> list[SimulatedItem]:
    """``number`` sub-tasks (fewer if there are too few stories), opened and closed within their story's Build."""
    possible = [(story, span) for story in stories if (span := _build_span(story)) is not None]
    chosen = rng.choice(len(possible), size=min(number, len(possible)), replace=False)
    shares = np.sort(rng.random((len(chosen), 3)), axis=1).tolist()
    made = []
    for index, (opened, begun, closed) in zip(sorted(chosen.tolist()), shares, strict=True):
        story, (start, until) = possible[index]
        length = until - start
        moves = [
            (start + int(opened * length), records.BACKLOG),
            (start + int(begun * length) + 1, records.BUILD),
            (start + int(closed * length) + 2, records.DONE),
        ]
        made.append(SimulatedItem("sub-task", "Sub-task", story.stream, story.team, moves, parent=story))
        made[-1].title_seed = story.title_seed + 7
    return made


def _build_span(story: SimulatedItem) -> tuple[int, int] | None:
    for (at, status), (until, _) in pairwise(story.moves):
        if status == records.BUILD:
            return (at, until) if until - at > HOUR_MS else None
    return None
