"""The SimPy network: teams build, reviewers, testers and approvers are shared, work in progress is limited.

Belongs here: how features bring stories into a team's backlog and how a story goes through the stages, waiting for
a place and for a person. One simulation is one independent copy of the portfolio. Does not belong here: the numbers
(``scenario``), features' and epics' own stages (``hierarchy``), flaws of exports (``imperfections``), Jira's words.

Time inside is the working-hours clock of ``working_clock``. People are SimPy resources; a capacity that an
intervention adds is a seat held empty until its launch. Random numbers come from the generator that is passed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, TypeVar

import numpy as np
import simpy
from simpy.resources.resource import Request

from orchestration.portfolio.example import records, scenario
from orchestration.portfolio.example.records import SimulatedItem
from orchestration.portfolio.example.working_clock import END_MS, MS_PER_HOUR, WorkingClock, local_ms

Result = TypeVar("Result")
Steps = Generator[simpy.Event, Any, Result]
Process = Steps[None]
WEEK_HOURS = 40.0
OPEN_EPICS = 3
"""A new feature belongs to one of the newest so many epics of its stream."""


class Draws:
    """Scalar random numbers out of blocks of a ``numpy.random.Generator`` (far cheaper than one call per number)."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.uniform = self._blocks(rng.random)
        self.normal = self._blocks(rng.standard_normal)

    @staticmethod
    def _blocks(draw: Callable[[int], Any]) -> Callable[[], float]:
        def numbers() -> Iterator[float]:
            while True:
                yield from draw(8192).tolist()

        return numbers().__next__

    def exponential(self, mean: float) -> float:
        """An exponential waiting time with the given mean."""
        return -mean * math.log(1.0 - self.uniform())

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform() < probability

    def pick(self, weighted: tuple[tuple[str, float], ...]) -> str:
        """One of (value, weight); the weights sum to 1."""
        left = self.uniform()
        for value, weight in weighted:
            left -= weight
            if left < 0:
                return value
        return weighted[-1][0]


@dataclass(slots=True, eq=False)
class Seats:
    """People who serve one stage: the SimPy resource, how many sit there, and the hours worked per week begun."""

    resource: simpy.Resource
    people: int
    hours: float
    worked: list[float]
    faster_from: float = math.inf
    faster_by: float = 1.0


@dataclass(slots=True, eq=False)
class TeamFloor:
    """One team at work: its developers, its places from Build to Test, its short Ready list, its backlog's size."""

    team: scenario.Team
    stream: StreamFloor
    ready: simpy.Resource
    places: simpy.Resource
    developers: Seats
    n_backlog: int = 0


@dataclass(slots=True, eq=False)
class StreamFloor:
    """One value stream at work: who its teams share (None: no such stage), the next release, its open epics."""

    stream: scenario.ValueStream
    reviewers: Seats | None
    testers: Seats
    approvers: Seats | None
    release: simpy.Event
    release_ms: int = 0
    epics: list[SimulatedItem] = field(default_factory=list)


class PortfolioSimulation:
    """One copy of the portfolio over the 18 months. ``run()`` once, then read ``items`` and ``seats``.

    Another ``plan`` than the example's may be played: other streams, stages, people, loads and changes.
    """

    def __init__(self, rng: np.random.Generator, clock: WorkingClock, plan: scenario.Plan | None = None) -> None:
        self.plan = plan or scenario.Plan()
        self.env = simpy.Environment()
        self.clock = clock
        self.draws = Draws(rng)
        self.items: list[SimulatedItem] = []
        self.n_weeks = int(clock.last_reading // WEEK_HOURS) + 1
        self.seats: dict[tuple[str, str, str | None], Seats] = {}
        self.paces = [(clock.at_day(day), factor) for day, factor in self.plan.paces]
        self.streams = [self._open_stream(stream) for stream in self.plan.value_streams]
        self.teams = [self._open_team(team, floor) for floor in self.streams for team in floor.stream.teams]

    def run(self) -> None:
        """Simulate from the first to the last day; moves after the end are cut off."""
        for intervention in self.plan.interventions:
            self.env.process(self._vacancy(intervention))
        for floor in self.streams:
            self.env.process(self._epics(floor))
            self.env.process(self._releases(floor))
        for team in self.teams:
            self.env.process(self._opening_backlog(team))
            self.env.process(self._features(team))
            self.env.process(self._standalone(team))
        self.env.run(until=self.clock.last_reading)
        for item in self.items:
            while item.moves[-1][0] >= END_MS:
                item.moves.pop()
            item.edits = [edit for edit in item.edits if edit[0] < END_MS]

    # -- the floor ---------------------------------------------------------------------------------------------

    def _open_stream(self, stream: scenario.ValueStream) -> StreamFloor:
        def shared(stage: str, people: int, hours: float) -> Seats | None:
            return self._seats(stream.id, stage, None, people, hours) if people else None

        return StreamFloor(
            stream,
            reviewers=shared("review", stream.reviewers, stream.review_hours),
            testers=self._seats(stream.id, "test", None, stream.testers, stream.test_hours),
            approvers=shared("approval", stream.approvers, stream.approval_hours),
            release=self.env.event(),
        )

    def _open_team(self, team: scenario.Team, floor: StreamFloor) -> TeamFloor:
        return TeamFloor(
            team,
            floor,
            ready=simpy.Resource(self.env, team.ready_limit),
            places=simpy.Resource(self.env, team.wip_limit),
            developers=self._seats(floor.stream.id, "build", team.id, team.developers, floor.stream.build_hours),
        )

    def _seats(self, stream: str, stage: str, team: str | None, people: int, hours: float) -> Seats:
        seats = Seats(simpy.Resource(self.env, people), people, hours, [0.0] * self.n_weeks)
        self.seats[stream, stage, team] = seats
        return seats

    def _vacancy(self, intervention: scenario.Intervention) -> Process:
        launch = self.clock.at_day(intervention.launched_on)
        seats = self.seats[intervention.value_stream, intervention.stage, intervention.team]
        seats.faster_from, seats.faster_by = launch, intervention.service_factor
        empty = [seats.resource.request() for _ in range(intervention.added_seats)]
        yield self.env.timeout(launch)
        for request in empty:
            seats.resource.release(request)

    def _releases(self, floor: StreamFloor) -> Process:
        """Wake everything that waits for a release at the end of each release day."""
        stream = floor.stream
        for index, day in enumerate(self.clock.days):
            if day.weekday() not in stream.release_days:
                continue
            closing = index * scenario.WORKDAY_HOURS + scenario.WORKDAY_HOURS - 0.01
            yield self.env.timeout(closing - self.env.now)
            midnight = local_ms(datetime.combine(day, time()) + timedelta(hours=int(stream.release_at // 24) * 24))
            floor.release_ms = midnight + int(stream.release_at % 24 * MS_PER_HOUR)
            due, floor.release = floor.release, self.env.event()
            due.succeed()

    # -- demand ------------------------------------------------------------------------------------------------

    def _epics(self, floor: StreamFloor) -> Process:
        while True:
            lead = floor.stream.teams[len(floor.epics) % len(floor.stream.teams)]
            epic = self._new("epic", "Epic", floor.stream, lead, records.FUNNEL)
            floor.epics.append(epic)
            yield self.env.timeout(self.draws.exponential(24.0))
            self._move(epic, records.REVIEWING)
            yield self.env.timeout(self.draws.exponential(30.0))
            self._move(epic, records.PORTFOLIO_BACKLOG)
            # The first few come together, so that a stream starts with something to choose from.
            yield self.env.timeout(0.0 if len(floor.epics) < OPEN_EPICS else scenario.EPIC_EVERY_WEEKS * WEEK_HOURS)

    def _features(self, floor: TeamFloor) -> Process:
        team = floor.team
        per_week = team.stories_per_week * (1 - scenario.STANDALONE_SHARE) / scenario.STORIES_PER_FEATURE
        while True:
            yield self.env.timeout(WEEK_HOURS / per_week * (0.5 + self.draws.uniform()))
            # Product management asks for nothing more where the team's backlog is full.
            if floor.n_backlog < team.backlog_limit:
                self.env.process(self._feature(floor))

    def _feature(self, floor: TeamFloor) -> Process:
        draws, env = self.draws, self.env
        epics = floor.stream.epics[-OPEN_EPICS:]
        feature = self._new("feature", "Feature", floor.stream.stream, floor.team, records.FUNNEL)
        feature.parent = epics[int(draws.uniform() * len(epics))]
        yield env.timeout(draws.exponential(20.0))
        self._move(feature, records.ANALYSING)
        yield env.timeout(4.0 + draws.exponential(16.0))
        self._move(feature, records.READY)
        stories = max(2, round(scenario.STORIES_PER_FEATURE + 3.0 * draws.normal()))
        for _ in range(stories):
            self._start_story(floor, feature)
            yield env.timeout(draws.exponential(5.0))

    def _standalone(self, floor: TeamFloor) -> Process:
        gap = WEEK_HOURS / (floor.team.stories_per_week * scenario.STANDALONE_SHARE)
        while True:
            yield self.env.timeout(self.draws.exponential(gap))
            if floor.n_backlog < 2 * floor.team.backlog_limit:
                self._start_story(floor, None)

    def _opening_backlog(self, floor: TeamFloor) -> Process:
        for _ in range(scenario.OPENING_BACKLOG):
            self._start_story(floor, None)
            yield self.env.timeout(self.draws.exponential(0.7))

    def _start_story(self, floor: TeamFloor, feature: SimulatedItem | None) -> None:
        draws = self.draws
        kinds = _FEATURE_KINDS if feature is not None else _STANDALONE_KINDS
        story = self._new("story", draws.pick(kinds), floor.stream.stream, floor.team, records.BACKLOG)
        story.parent = feature
        story.size = math.exp(scenario.SIZE_SPREAD * draws.normal()) * (0.8 if story.kind == "Bug" else 1.05)
        self.env.process(self._story(story, floor))

    def _new(
        self, level: str, kind: str, stream: scenario.ValueStream, team: scenario.Team, status: str
    ) -> SimulatedItem:
        item = SimulatedItem(level, kind, stream, team, [(self.clock.to_ms(self.env.now), status)])
        item.title_seed = int(self.draws.uniform() * 1_000_000)
        self.items.append(item)
        return item

    # -- one story ---------------------------------------------------------------------------------------------

    def _story(self, item: SimulatedItem, floor: TeamFloor) -> Process:
        env, draws = self.env, self.draws
        if draws.chance(scenario.DROPPED_FROM_BACKLOG):
            yield env.timeout(8.0 + draws.exponential(scenario.DROPPED_HOURS))
            self._move(item, records.CANCELLED)
            return
        place, developer = yield from self._started(item, floor)
        outcome = yield from self._attempt(item, floor, developer, 1.0)
        while outcome == _SENT_BACK:
            outcome = yield from self._attempt(item, floor, None, scenario.REWORK_FACTOR)
        floor.places.release(place)
        if outcome == _DROPPED:
            return
        yield from self._released(item, floor.stream)
        while draws.chance(scenario.REOPENED):
            yield env.timeout(1.0 + draws.exponential(scenario.REOPENED_HOURS))
            self._move(item, records.BUILD)
            outcome = _SENT_BACK
            while outcome == _SENT_BACK:
                outcome = yield from self._attempt(item, floor, None, scenario.REWORK_FACTOR)
            yield from self._released(item, floor.stream)

    def _started(self, item: SimulatedItem, floor: TeamFloor) -> Steps[tuple[Request, Request]]:
        """Be refined, wait in the backlog for the short Ready list, then for a place among the WIP and a developer."""
        floor.n_backlog += 1
        yield self.env.timeout(1.0 + self.draws.exponential(scenario.REFINEMENT_HOURS))
        ready = floor.ready.request()
        yield ready
        floor.n_backlog -= 1
        # Estimated and put into a sprint a moment before it is moved.
        item.edits.append((self.clock.to_ms(self.env.now) - 90_000, records.REFINED, None))
        self._move(item, records.READY)
        place = floor.places.request()
        yield place
        developer = floor.developers.resource.request()
        yield developer
        floor.ready.release(ready)
        return place, developer

    def _attempt(self, item: SimulatedItem, floor: TeamFloor, developer: Request | None, share: float) -> Steps[str]:
        """Build, review and test once, with ``share`` of the whole work; say how it ended.

        The first attempt comes with its developer; an item that was sent back sits in Build until one is free.
        """
        draws, first = self.draws, developer is not None
        if developer is None:
            developer = floor.developers.resource.request()
            yield developer
        yield self.env.timeout(self._work(floor.developers, item, share, records.BUILD))
        floor.developers.resource.release(developer)
        yield from self._held_up_after_build(item)
        if first and draws.chance(scenario.DROPPED_AFTER_BUILD):
            self._move(item, records.CANCELLED)
            return _DROPPED
        reviewers = floor.stream.reviewers
        if reviewers is not None and not (first and draws.chance(scenario.SKIP_REVIEW)):
            self._move(item, records.READY_FOR_REVIEW)
            reviewer = reviewers.resource.request()
            yield reviewer
            yield self.env.timeout(self._work(reviewers, item, share, records.REVIEW))
            reviewers.resource.release(reviewer)
            if draws.chance(scenario.REWORK_FROM_REVIEW):
                self._move(item, records.BUILD)
                return _SENT_BACK
        yield from self._tested(item, floor.stream, share)
        if draws.chance(scenario.REWORK_FROM_TEST):
            self._move(item, records.BUILD)
            return _SENT_BACK
        if floor.stream.approvers is not None:
            yield from self._approved(item, floor.stream.approvers, share)
        return _ACCEPTED

    def _held_up_after_build(self, item: SimulatedItem) -> Process:
        """Some items are flagged, some put on hold, before they leave Build; no developer waits with them."""
        if self.draws.chance(item.stream.flag_share):
            yield from self._flagged(item, scenario.FLAG_HOURS)
        if self.draws.chance(scenario.ON_HOLD):
            self._move(item, records.ON_HOLD)
            yield self.env.timeout(1.0 + self.draws.exponential(scenario.ON_HOLD_HOURS))
            self._move(item, records.BUILD)
            yield self.env.timeout(0.2)

    def _tested(self, item: SimulatedItem, floor: StreamFloor, share: float) -> Process:
        draws, to_ms = self.draws, self.clock.to_ms
        self._move(item, records.READY_FOR_TEST)
        # Some lack their environment from the moment they reach the queue until a tester takes them.
        lacks_environment = draws.chance(floor.stream.flag_share / 3)
        if lacks_environment:
            item.edits.append((to_ms(self.env.now + 0.02), records.FLAGGED, scenario.ENVIRONMENT))
        tester = floor.testers.resource.request()
        yield tester
        if lacks_environment:
            item.edits.append((to_ms(self.env.now + 0.04), records.UNFLAGGED, scenario.ENVIRONMENT))
        yield self.env.timeout(self._work(floor.testers, item, share, records.TEST))
        if draws.chance(floor.stream.flag_share / 4):
            yield from self._flagged(item, scenario.TEST_FLAG_HOURS)
        floor.testers.resource.release(tester)

    def _approved(self, item: SimulatedItem, approvers: Seats, share: float) -> Process:
        self._move(item, records.READY_FOR_APPROVAL)
        approver = approvers.resource.request()
        yield approver
        yield self.env.timeout(self._work(approvers, item, share, records.APPROVAL))
        approvers.resource.release(approver)

    def _released(self, item: SimulatedItem, floor: StreamFloor) -> Process:
        self._move(item, records.READY_FOR_RELEASE)
        yield floor.release
        item.moves.append((floor.release_ms, records.DONE))

    def _flagged(self, item: SimulatedItem, mean_hours: float) -> Process:
        reason = self.draws.pick(item.stream.flag_reasons)
        item.edits.append((self.clock.to_ms(self.env.now), records.FLAGGED, reason))
        yield self.env.timeout(0.5 + self.draws.exponential(mean_hours))
        item.edits.append((self.clock.to_ms(self.env.now), records.UNFLAGGED, reason))
        yield self.env.timeout(0.1)

    def _move(self, item: SimulatedItem, status: str) -> None:
        item.moves.append((self.clock.to_ms(self.env.now), status))

    def _work(self, seats: Seats, item: SimulatedItem, share: float, stage: str) -> float:
        """Record that a person takes the item up, and return how long they hold it (working hours)."""
        draws, now = self.draws, self.env.now
        low, high = scenario.PICK_UP_HOURS
        pick_up = low + (high - low) * draws.uniform()
        spread = scenario.SERVICE_SPREAD
        hours = seats.hours * item.size * share * math.exp(spread * draws.normal() - spread * spread / 2)
        if now >= seats.faster_from:
            hours *= seats.faster_by
        for since, factor in self.paces:
            if now >= since:
                hours *= factor
        day = int(now // scenario.WORKDAY_HOURS)
        hours /= self.clock.presence[day] if day < len(self.clock.presence) else 1.0
        # An item sent back is in Build already; taking it up again is no move.
        if item.moves[-1][1] != stage:
            item.moves.append((self.clock.to_ms(now + pick_up), stage))
        seats.worked[int(now // WEEK_HOURS)] += hours
        return pick_up + hours


_ACCEPTED, _SENT_BACK, _DROPPED = "accepted", "sent back", "dropped"
_FEATURE_KINDS = (("Story", 0.84), ("Task", 0.16))
_STANDALONE_KINDS = (("Bug", 0.62), ("Task", 0.22), ("Story", 0.16))
