"""mart_stage_days, cell by cell: scope x level x stage x day, all work types together.

Written from metrics.md ("arrivals and departures per stage per day", "Cumulative flow, two named variants").
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from tests.reference.lives import CountedItem
from tests.reference.periods import as_of_day, day_range, scopes
from tests.reference.records import Told, local_day
from tests.reference.visits import Segment

KEY = ("scope_type", "scope_id", "level", "stage_id", "calendar_date")

Row = dict[str, Any]


@dataclass
class Moves:
    n_arrivals: int = 0
    n_departures: int = 0
    n_backward_arrivals: int = 0
    n_first_reached: int = 0

    def add(self, other: "Moves") -> None:
        self.n_arrivals += other.n_arrivals
        self.n_departures += other.n_departures
        self.n_backward_arrivals += other.n_backward_arrivals
        self.n_first_reached += other.n_first_reached


def stage_days(told: Told, items: Sequence[CountedItem]) -> Iterator[Row]:
    """Yield every row of the mart."""
    moves = _moves(told, items)
    for scope in scopes(told):
        if scope.scope_type == "portfolio":
            continue
        series: dict[tuple[str, str], dict[date, Moves]] = defaultdict(lambda: defaultdict(Moves))
        for (team_id, level, stage_id), team_days in moves.items():
            if team_id in scope.team_ids:
                for day, moved in team_days.items():
                    series[level, stage_id][day].add(moved)
        for (level, stage_id), days in series.items():
            n_wip = n_reached = 0
            for day in day_range(min(days), as_of_day(told, scope)):
                moved = days.get(day, Moves())
                n_wip += moved.n_arrivals - moved.n_departures
                n_reached += moved.n_first_reached
                yield {
                    "scope_type": scope.scope_type,
                    "scope_id": scope.scope_id,
                    "scope_name": scope.scope_name,
                    "value_stream_id": scope.value_stream_id,
                    "level": level,
                    "stage_id": stage_id,
                    "stage_name": told.stages[stage_id].stage_name,
                    "stage_kind": told.stages[stage_id].stage_kind,
                    "stage_position": told.stages[stage_id].position,
                    "calendar_date": day,
                    **moved.__dict__,
                    "n_wip": n_wip,
                    "n_reached_total": n_reached,
                }


def _moves(told: Told, items: Sequence[CountedItem]) -> dict[tuple[str, str, str], dict[date, Moves]]:
    """Arrivals, departures and first reaches by team, level and stage; a change of team or level is both."""
    moves: dict[tuple[str, str, str], dict[date, Moves]] = defaultdict(lambda: defaultdict(Moves))
    for item in items:
        for (team_id, level, stage_id), started_at, ended_at in _stays(item.segments):
            timezone = told.timezone_of_team(team_id)
            days = moves[team_id, level, stage_id]
            days[local_day(started_at, timezone)].n_arrivals += 1
            if ended_at is not None:
                days[local_day(ended_at, timezone)].n_departures += 1
        for visit in item.visits:
            team_id, level = visit.membership.team_id, visit.membership.level
            day = local_day(visit.entered_at, told.timezone_of_team(team_id))
            if visit.is_backward:
                moves[team_id, level or "", visit.stage.stage_id][day].n_backward_arrivals += 1
            for stage_id in visit.newly_reached:
                moves[team_id, level or "", stage_id][day].n_first_reached += 1
    return moves


def _stays(segments: Sequence[Segment]) -> Iterator[tuple[tuple[str, str, str], datetime, datetime | None]]:
    """Spans in one team, level and stage: an item that only changed its work type has gone nowhere."""

    def place(segment: Segment) -> tuple[str, str, str]:
        return segment.membership.team_id, segment.membership.level or "", segment.stage.stage_id

    for found, stay in groupby(segments, key=place):
        own = list(stay)
        yield found, own[0].started_at, own[-1].ended_at
