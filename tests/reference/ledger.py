"""What happened, and what stood at the end of the day, for each team, level, work type and day.

Days are local to the team's value stream. Written from metrics.md ("WIP", "Queue length", "reopened", "cancelled") and
DECISIONS.md ("Is a reopened item work in progress between its two finishes?").
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.reference.clocks import Measured
from tests.reference.lives import CountedItem
from tests.reference.mapping import Membership
from tests.reference.periods import day_range
from tests.reference.records import Told, local_day

Key = tuple[str, str, str]  # team, level, work type


@dataclass
class Day:
    """One day of one team, level and work type (or of several, added up)."""

    n_created: int = 0
    n_started: int = 0
    n_reopened: int = 0
    n_cancelled: int = 0
    finished: list[Measured] = field(default_factory=list)
    # In progress at the end of the day: since when the item's clock runs (a local day), and is its history usable?
    in_progress: list[tuple[date, bool]] = field(default_factory=list)
    n_queued: int = 0
    # Was something created, started, in progress, finished or cancelled? The first such day is the scope's first.
    is_eventful: bool = False

    def add(self, other: "Day") -> None:
        self.n_created += other.n_created
        self.n_started += other.n_started
        self.n_reopened += other.n_reopened
        self.n_cancelled += other.n_cancelled
        self.finished += other.finished
        self.in_progress += other.in_progress
        self.n_queued += other.n_queued
        self.is_eventful |= other.is_eventful


Ledger = dict[Key, dict[date, Day]]


def ledger_of(told: Told, items: Sequence[CountedItem]) -> Ledger:
    """Enter every counted item on the days it touches."""
    ledger: Ledger = defaultdict(lambda: defaultdict(Day))

    def at(membership: Membership, moment: datetime, *, is_eventful: bool = True) -> Day:
        day = ledger[_key(membership)][local_day(moment, told.timezone_of_team(membership.team_id))]
        day.is_eventful |= is_eventful
        return day

    for item in items:
        clocks = item.measured.clocks
        at(item.visits[0].membership, item.visits[0].entered_at).n_created += 1
        starting = [
            segment
            for segment in item.segments
            if segment.started_at == clocks.started_at and segment.stage.stage_kind != "done"
        ]
        if starting:  # moved and re-typed in one moment, it is started as what it then is
            at(starting[-1].membership, starting[-1].started_at).n_started += 1
        for visit in item.visits:
            if visit.is_reopening:
                at(visit.membership, visit.entered_at, is_eventful=False).n_reopened += 1
        if clocks.ended_at is not None:
            day = at(item.measured.membership, clocks.ended_at)
            if clocks.is_cancelled:
                day.n_cancelled += 1
            else:
                day.finished.append(item.measured)
        _enter_standing(told, item, ledger)
    return ledger


def _enter_standing(told: Told, item: CountedItem, ledger: Ledger) -> None:
    started_at = item.measured.clocks.started_at
    for segment in item.segments:
        timezone = told.timezone_of_team(segment.membership.team_id)
        days = ledger[_key(segment.membership)]
        if segment.stage.stage_kind == "queue":
            for day in days_standing(segment.started_at, segment.ended_at, told.as_of, timezone):
                days[day].n_queued += 1
        if started_at is not None and segment.stage.stage_kind != "done" and segment.started_at >= started_at:
            since = local_day(started_at, timezone)
            # A start and an end on one day leave nothing standing, but the day is one of the scope's.
            days[local_day(segment.started_at, timezone)].is_eventful = True
            for day in days_standing(segment.started_at, segment.ended_at, told.as_of, timezone):
                days[day].in_progress.append((since, item.measured.is_usable))


def days_standing(start: datetime, end: datetime | None, as_of: datetime, timezone: str) -> Iterator[date]:
    """The local days at whose end a span stood; the day of as_of ends with as_of."""
    last = local_day(as_of, timezone)
    for day in day_range(local_day(start, timezone), last):
        if end is not None and local_day(end, timezone) <= day:
            return
        yield day


def _key(membership: Membership) -> Key:
    assert membership.level is not None
    assert membership.work_type is not None
    return membership.team_id, membership.level, membership.work_type
