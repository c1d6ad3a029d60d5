"""Scopes and periods: whose days are counted together, and which days.

Written from metrics.md ("Period metrics") and DECISIONS.md ("Which periods are complete?").
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tests.reference.records import Told, local_day, zone


@dataclass(frozen=True)
class Scope:
    scope_type: str
    scope_id: str
    scope_name: str
    value_stream_id: str | None
    team_ids: tuple[str, ...]


@dataclass(frozen=True)
class Period:
    period_type: str
    period_id: str
    start: date
    end: date  # inclusive


def scopes(told: Told) -> list[Scope]:
    """The portfolio, each value stream, train and team, with the teams that each is made of."""
    teams = list(told.teams.values())
    found = [Scope("portfolio", "portfolio", "Portfolio", None, tuple(team.team_id for team in teams))]
    for stream in told.value_streams.values():
        own = tuple(team.team_id for team in teams if team.value_stream_id == stream.value_stream_id)
        found.append(
            Scope("value_stream", stream.value_stream_id, stream.value_stream_name, stream.value_stream_id, own)
        )
    for train in told.trains.values():
        own = tuple(team.team_id for team in teams if team.train_id == train.train_id)
        found.append(Scope("train", train.train_id, train.train_name, train.value_stream_id, own))
    found += [Scope("team", team.team_id, team.team_name, team.value_stream_id, (team.team_id,)) for team in teams]
    return found


def timezones_of(told: Told, scope: Scope) -> list[str]:
    """A scope lives in its value stream's zone, the portfolio in those of all its value streams."""
    streams = told.value_streams.values()
    return [
        stream.timezone for stream in streams if scope.value_stream_id in {None, stream.value_stream_id}
    ]  # fmt: skip


def as_of_day(told: Told, scope: Scope) -> date:
    """The day that as_of is everywhere in the scope: a later one has begun in a part of it only."""
    return min(local_day(told.as_of, timezone) for timezone in timezones_of(told, scope))


def periods(told: Told, first_day: date, last_day: date) -> Iterator[Period]:
    """Every day, ISO week, month and increment that has a day between the two, inclusive."""
    for day in day_range(first_day, last_day):
        yield Period("day", day.isoformat(), day, day)
    monday = first_day - timedelta(days=first_day.weekday())
    while monday <= last_day:
        yield Period("week", monday.isoformat(), monday, monday + timedelta(days=6))
        monday += timedelta(days=7)
    month = first_day.replace(day=1)
    while month <= last_day:
        following = (month + timedelta(days=31)).replace(day=1)
        yield Period("month", month.isoformat()[:7], month, following - timedelta(days=1))
        month = following
    for increment in told.increments:
        if increment.end_date >= first_day and increment.start_date <= last_day:
            yield Period("increment", increment.increment_id, increment.start_date, increment.end_date)


def is_complete(told: Told, scope: Scope, period: Period, first_day: date) -> bool:
    """Had it ended by as_of, and had it begun no earlier than the scope's first day?"""
    next_day = period.end + timedelta(days=1)
    is_over = all(
        datetime.combine(next_day, time.min, tzinfo=zone(timezone)) <= told.as_of
        for timezone in timezones_of(told, scope)
    )
    return is_over and period.start >= first_day


def day_range(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
