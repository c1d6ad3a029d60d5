"""The flaws of real exports, planted in known numbers into simulated lives.

Belongs here: which issues get which flaw and how their record changes for it. Does not belong here: flaws that only
exist in files (malformed lines, an issue exported twice: ``export_files``), how many of each there are (``scenario``),
and counting what is there in the end (``truth``).

Each flaw takes issues that no other flaw has taken, so that each can be looked at alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import pairwise

import numpy as np

from orchestration.portfolio.example import records, scenario
from orchestration.portfolio.example.records import SimulatedItem
from orchestration.portfolio.example.working_clock import END_MS, MS_PER_HOUR, WorkingClock, local_ms

LONG_HISTORY_NOISE = (112, 150)
MARKUP_TITLES = (
    'Show <b>fees</b> & "charges" before the customer confirms',
    "Escape <script>alert(1)</script> in the payee's name",
    "Überweisung: Umlaute und 'Apostrophe' im Verwendungszweck (größer als 140 Zeichen)",
)
_MAIN_COMPONENT_PROJECTS = ("CARD", "TRF")


def scaled(share: float) -> dict[str, int]:
    """How many of each flaw for a copy of which ``share`` (0-1) of the issues is kept; at least one of each."""
    return {name: max(1, math.ceil(number * share)) for name, number in asdict(scenario.FLAWS).items()}


def tasks_straight_to_done(number: int, clock: WorkingClock, rng: np.random.Generator) -> list[SimulatedItem]:
    """Tasks of any team that never went through its hands: from the backlog to done in one step."""
    teams = [(stream, team) for stream in scenario.VALUE_STREAMS for team in stream.teams]
    made = []
    for _ in range(number):
        stream, team = teams[int(rng.integers(len(teams)))]
        opened = float(rng.uniform(0, clock.last_reading - 80))
        moves = [
            (clock.to_ms(opened), records.BACKLOG),
            (clock.to_ms(min(opened + 1 + float(rng.exponential(20)), clock.last_reading - 1)), records.DONE),
        ]
        made.append(SimulatedItem("story", "Task", stream, team, moves, title_seed=int(opened * 10)))
    return made


def night_incidents(number: int) -> list[SimulatedItem]:
    """Incidents that lived through a night in which the clocks were changed; there are two such nights."""
    stream = scenario.VALUE_STREAMS[0]
    team = stream.trains[1].teams[0]
    made = []
    for position, steps in enumerate(_NIGHTS[:number]):
        incident = SimulatedItem("story", "Bug", stream, team, list(steps))
        incident.title = f"Transfers time out in the night of the clock change ({position + 1})"
        made.append(incident)
    return made


def _utc(year: int, month: int, day: int, hour: int, minute: int) -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()) * 1000


_NIGHTS = (
    # 02:40 summer time, 02:10 standard time half an hour later, done at 03:30: the hour from 2 to 3 came twice.
    (
        (_utc(2025, 10, 26, 0, 40), records.BACKLOG),
        (_utc(2025, 10, 26, 1, 10), records.BUILD),
        (_utc(2025, 10, 26, 2, 30), records.DONE),
    ),
    # 01:50 standard time, 03:10 summer time twenty minutes later: the hour from 2 to 3 did not exist.
    (
        (_utc(2025, 3, 30, 0, 50), records.BACKLOG),
        (_utc(2025, 3, 30, 1, 10), records.BUILD),
        (_utc(2025, 3, 30, 2, 0), records.DONE),
    ),
)


class Planter:
    """Plants all flaws into one copy's items (in place); ``planted`` then says which item got which."""

    def __init__(self, items: list[SimulatedItem], numbers: dict[str, int], rng: np.random.Generator) -> None:
        self.rng = rng
        self.numbers = numbers
        self.free = [item for item in items if item.level == "story" and item.title is None and len(item.moves) > 1]
        self.planted: dict[str, list[SimulatedItem]] = {}

    def plant(self) -> None:
        """Plant every flaw of records, in a fixed order."""
        self._each("completed_by_pages", _has_long_life, lambda item: self._lengthen(item, "paged"))
        self._each("truncated", _has_long_life, lambda item: self._lengthen(item, "truncated"))
        self._each("moved_project", _could_have_moved, _move_project)
        self._each("created_in_later_status", lambda item: _starts_plainly(item, "Story"), _create_later)
        self._each("change_before_creation", _could_be_imported, _import)
        self._each("history_gaps", lambda item: _passed(item, records.READY_FOR_TEST), _leave_gap)
        self._each("unmapped_status", _builds_long, _insert_unmapped)
        self._each("self_transitions", _builds_long, _repeat_status)
        self._each("same_second", lambda item: _passed(item, records.READY_FOR_REVIEW), self._same_second)
        self._each("duplicate_resolution", _was_dropped, _close_as_duplicate)
        self._each("retyped", lambda item: item.kind in {"Story", "Task"} and _passed(item, records.BUILD), _retype)
        self._each("without_team", lambda item: item.team.project in {*_MAIN_COMPONENT_PROJECTS, "SRV"}, _lose_team)
        titles = iter(MARKUP_TITLES)
        self._each("markup_titles", lambda _: True, lambda item: setattr(item, "title", next(titles)))
        self._link()
        self._hand_over()

    def _each(
        self, flaw: str, eligible: Callable[[SimulatedItem], bool], change: Callable[[SimulatedItem], None]
    ) -> None:
        chosen = self._take(self.numbers[flaw], eligible)
        for item in chosen:
            change(item)
        self.planted[flaw] = chosen

    def _take(self, number: int, eligible: Callable[[SimulatedItem], bool]) -> list[SimulatedItem]:
        possible = [item for item in self.free if eligible(item)]
        positions = self.rng.choice(len(possible), size=min(number, len(possible)), replace=False)
        chosen = [possible[position] for position in sorted(positions.tolist())]
        taken = set(map(id, chosen))
        self.free = [item for item in self.free if id(item) not in taken]
        return chosen

    def _lengthen(self, item: SimulatedItem, how: str) -> None:
        """Far over a hundred small edits after Build began, so that the oldest entries hold real moves."""
        item.long_history = how
        low, high = LONG_HISTORY_NOISE
        begun = item.entered(records.BUILD)
        for moment in np.sort(self.rng.integers(begun + 1000, item.moves[-1][0], int(self.rng.integers(low, high)))):
            item.edits.append((int(moment), records.EDITED, ("Rank", "description")[int(moment) % 2]))

    def _same_second(self, item: SimulatedItem) -> None:
        position = next(p for p, (_, status) in enumerate(item.moves) if status == records.READY_FOR_REVIEW)
        at = item.moves[position][0]
        # Some in the very same millisecond, the others within the second.
        later = self.rng.choice([at, at - at % 1000 + 999])
        item.moves[position + 1] = (int(later), item.moves[position + 1][1])

    def _link(self) -> None:
        """Everyday Banking's stories wait for stories of Payments: each is linked while both are open."""
        number = self.numbers["linked_across_streams"]
        # A tenth still waits at the end.
        open_ones = self._take(number // 10, lambda item: item.stream.id == "servicing" and _end(item) == END_MS)
        ended = self._take(number - len(open_ones), lambda item: item.stream.id == "servicing" and _end(item) < END_MS)
        pairs = []
        for held in (*open_ones, *ended):
            # The blocker is done before the one it holds, so that it was worth waiting for.
            taken = self._take(1, partial(_held_up, held))
            if not taken:
                continue
            (blocker,) = taken
            at = max(blocker.moves[0][0], held.moves[0][0]) + MS_PER_HOUR
            blocker.blocks, held.blocked_by = held, blocker
            blocker.edits.append((at, records.LINKED, held))
            held.edits.append((at, records.LINKED, blocker))
            pairs.append(blocker)
        self.planted["linked_across_streams"] = pairs

    def _hand_over(self) -> None:
        """From the end of 2025 on, stories of three teams are given to a team of Cards while they wait for a tester."""
        teams = {team.id: team for stream in scenario.VALUE_STREAMS for team in stream.teams}
        shares = np.array_split(np.arange(self.numbers["handed_over"]), len(scenario.HAND_OVERS))
        handed: list[SimulatedItem] = []
        for (giver, taker), share in zip(scenario.HAND_OVERS, shares, strict=True):
            chosen = self._take(len(share), partial(_could_be_handed_to, taker))
            for item in chosen:
                begin, end = _wait_for_a_tester(item) or (0, 0)
                _hand_to_its_team(item, teams[giver], (begin + end) // 2)
            handed += chosen
        self.planted["handed_over"] = handed


def _wait_for_a_tester(item: SimulatedItem) -> tuple[int, int] | None:
    for (at, status), (until, following) in pairwise(item.moves):
        if status == records.READY_FOR_TEST and following == records.TEST:
            return at, until
    return None


def _could_be_handed_to(taker: str, item: SimulatedItem) -> bool:
    wait = _wait_for_a_tester(item)
    if wait is None or item.team.id != taker or item.came_from_project is not None:
        return False
    is_late = wait[0] >= local_ms(datetime.combine(scenario.HAND_OVERS_FROM, time()))
    return is_late and wait[1] - wait[0] > 24 * MS_PER_HOUR


def _hand_to_its_team(item: SimulatedItem, giver: scenario.Team, at: int) -> None:
    if giver.project != item.team.project:
        item.came_from_project = giver.project
        item.edits.append((at, records.PROJECT_MOVED, None))
    item.edits.append((at, records.HANDED_OVER, giver))


def _end(item: SimulatedItem) -> int:
    return item.moves[-1][0] if item.status in {records.DONE, records.CANCELLED} else END_MS


def _held_up(held: SimulatedItem, blocker: SimulatedItem) -> bool:
    """Whether a story of Payments can have kept the other one waiting, for a day at least."""
    linked = max(blocker.moves[0][0], held.moves[0][0]) + MS_PER_HOUR
    return blocker.stream.id == "payments" and linked + 24 * MS_PER_HOUR < _end(blocker) <= _end(held)


def _passed(item: SimulatedItem, status: str) -> bool:
    return any(entered == status for _, entered in item.moves[:-1])


def _has_long_life(item: SimulatedItem) -> bool:
    begun = item.first(records.BUILD)
    return item.status == records.DONE and begun is not None and item.moves[-1][0] - begun > 72 * MS_PER_HOUR


def _could_have_moved(item: SimulatedItem) -> bool:
    ready = item.first(records.READY)
    return item.team.project == "CARD" and ready is not None and ready - item.moves[0][0] > 2 * MS_PER_HOUR


def _move_project(item: SimulatedItem) -> None:
    item.came_from_project = "TRF"
    ready = item.entered(records.READY)
    item.edits.append(((item.moves[0][0] + ready) // 2 - 90_000, records.PROJECT_MOVED, None))


def _starts_plainly(item: SimulatedItem, kind: str) -> bool:
    return item.kind == kind and [status for _, status in item.moves[1:-1][:2]] == [records.READY, records.BUILD]


def _create_later(item: SimulatedItem) -> None:
    del item.moves[:2]
    item.edits = [edit for edit in item.edits if edit[0] > item.moves[0][0]]


def _could_be_imported(item: SimulatedItem) -> bool:
    until = local_ms(datetime.combine(scenario.FIRST_DAY + timedelta(days=90), time()))
    return _starts_plainly(item, "Story") and item.moves[0][0] < until


def _import(item: SimulatedItem) -> None:
    item.imported_at_ms = (item.moves[1][0] + item.moves[2][0]) // 2


def _leave_gap(item: SimulatedItem) -> None:
    item.gaps = (next(p for p, (_, status) in enumerate(item.moves) if status == records.READY_FOR_TEST),)


def _long_builds(item: SimulatedItem) -> Iterator[int]:
    """Where a Build of more than four hours stands in the moves."""
    for position, ((at, status), (until, _)) in enumerate(pairwise(item.moves)):
        if status == records.BUILD and until - at > 4 * MS_PER_HOUR:
            yield position


def _builds_long(item: SimulatedItem) -> bool:
    return any(True for _ in _long_builds(item))


def _insert(item: SimulatedItem, *statuses: str) -> None:
    position = next(_long_builds(item))
    start, until = item.moves[position][0], item.moves[position + 1][0]
    step = (until - start) // (len(statuses) + 1)
    item.moves[position + 1 : position + 1] = [(start + step * (n + 1), name) for n, name in enumerate(statuses)]


def _insert_unmapped(item: SimulatedItem) -> None:
    _insert(item, records.UNMAPPED, records.BUILD)


def _repeat_status(item: SimulatedItem) -> None:
    _insert(item, records.BUILD)


def _was_dropped(item: SimulatedItem) -> bool:
    return [status for _, status in item.moves] == [records.BACKLOG, records.CANCELLED]


def _close_as_duplicate(item: SimulatedItem) -> None:
    item.moves[-1] = (item.moves[-1][0], records.DONE)
    item.resolution = "Duplicate"


def _retype(item: SimulatedItem) -> None:
    before = "Task" if item.kind == "Story" else "Bug"
    item.edits.append(((item.moves[0][0] + item.moves[1][0]) // 2, records.RETYPED, (before, item.kind)))


def _lose_team(item: SimulatedItem) -> None:
    item.has_team = False
