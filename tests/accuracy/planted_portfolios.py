"""Portfolios whose truth is known: what is drawn for each from its seed, before anything is simulated.

Belongs here: which stage of which value stream is the constraint, where none is, what an intervention changes, and what
slows or quickens everybody. Does not belong here: how work flows (`orchestration.portfolio.example.simulator`), what
the tool writes (`portfolio_exports`), what is found (`analysed_portfolios`) and how that is scored (`scores`).

Every portfolio has five value streams, one for each `Role`, with a team or two each. What is asked of a stage, in hours
of its people, is its load; service times are chosen so that the loads are those drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import numpy as np

from orchestration.portfolio.example import scenario
from orchestration.portfolio.example.scenario import Intervention, Plan, Team, Train, ValueStream
from orchestration.portfolio.example.simulator import WEEK_HOURS

#: The exports end before this day; the simulation goes on, so that what is forecast can be compared with what came.
AS_OF: Final = date(2026, 3, 30)
#: Monday of the earliest launch, and how many weeks later the latest may be: 26 weeks of baseline lie before and at
#: least 16 weeks after the transition up to `AS_OF`.
FIRST_LAUNCH: Final = date(2025, 9, 8)
LAUNCH_WEEKS: Final = 9
TRANSITION_DAYS: Final = 14

CONSTRAINT_LOAD: Final = (0.88, 0.96)
OTHER_LOAD: Final = (0.50, 0.72)
BALANCED_LOAD: Final = (0.70, 0.88)
STORIES_PER_WEEK: Final = (10.0, 18.0)
WORKS_FACTOR: Final = (0.60, 0.75)
SHARE_WITH_DRIFT: Final = 0.3
#: Service times of all stages of all streams times this, from within so many weeks of the placebos' launch on.
FASTER: Final = (0.80, 0.92)
SLOWER: Final = (1.03, 1.08)
DRIFT_WEEKS: Final = 4
NO_LIMIT: Final = 100_000

STAGES: Final = {2: ("build", "test"), 3: ("build", "review", "test"), 4: ("build", "review", "test", "approval")}


class Role(StrEnum):
    """What a value stream is there for. A placebo is registered as an intervention and changes nothing."""

    CONSTRAINED = "a"
    BALANCED = "b"
    IMPROVED = "c"
    PLACEBO_CONSTRAINED = "d"
    PLACEBO_BALANCED = "e"


BALANCED_ROLES: Final = (Role.BALANCED, Role.PLACEBO_BALANCED)
PLACEBO_ROLES: Final = (Role.PLACEBO_CONSTRAINED, Role.PLACEBO_BALANCED)


@dataclass(frozen=True, slots=True)
class PlantedStream:
    """A value stream, its truth, and the launch registered for it.

    ``constraint`` is the stage that limits it, None where all stages are loaded alike; ``loads`` are hours of work
    asked over hours of the people there, by stage; ``tells_capacity`` whether the register of capacity knows them.
    """

    role: Role
    stream: ValueStream
    stages: tuple[str, ...]
    people: dict[str, int]
    loads: dict[str, float]
    constraint: str | None
    has_wip_limit: bool
    tells_capacity: bool
    launched_on: date | None


@dataclass(frozen=True, slots=True)
class PlantedPortfolio:
    """One portfolio. ``drift`` is the factor on everybody's service times, 1 where there is none."""

    seed: int
    streams: tuple[PlantedStream, ...]
    interventions: tuple[Intervention, ...]
    drift: float
    drifts_from: date | None

    @property
    def plan(self) -> Plan:
        """What the simulator plays."""
        paces = () if self.drifts_from is None else ((self.drifts_from, self.drift),)
        return Plan(tuple(each.stream for each in self.streams), self.interventions, paces)


def plant(seed: int) -> PlantedPortfolio:
    """Draw a portfolio's truth; the same seed gives the same portfolio."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    launches = {role: _launch(rng) for role in (Role.IMPROVED, Role.PLACEBO_CONSTRAINED, Role.PLACEBO_BALANCED)}
    streams = tuple(_stream(seed, role, launches.get(role), rng) for role in Role)
    drift, drifts_from = 1.0, None
    if rng.random() < SHARE_WITH_DRIFT:
        drift = float(rng.uniform(*(FASTER if rng.random() < 2 / 3 else SLOWER)))
        around = launches[Role.PLACEBO_CONSTRAINED]
        drifts_from = around + timedelta(weeks=int(rng.integers(-DRIFT_WEEKS, DRIFT_WEEKS + 1)))
    improved = next(each for each in streams if each.role is Role.IMPROVED)
    factor = float(rng.uniform(*WORKS_FACTOR))
    return PlantedPortfolio(seed, streams, tuple(_relief(improved, factor)), drift, drifts_from)


def _launch(rng: np.random.Generator) -> date:
    return FIRST_LAUNCH + timedelta(weeks=int(rng.integers(LAUNCH_WEEKS)))


def _stream(seed: int, role: Role, launched_on: date | None, rng: np.random.Generator) -> PlantedStream:
    stages = STAGES[int(rng.integers(2, 5))]
    constraint = None if role in BALANCED_ROLES else stages[int(rng.integers(len(stages)))]
    level = float(rng.uniform(*BALANCED_LOAD))
    loads = {stage: level if constraint is None else float(rng.uniform(*OTHER_LOAD)) for stage in stages}
    if constraint is not None:
        loads[constraint] = float(rng.uniform(*CONSTRAINT_LOAD))
    n_teams = int(rng.integers(1, 3))
    people = {stage: int(rng.integers(2, 7)) for stage in stages}
    people["build"] = n_teams * int(rng.integers(3, 7))
    stories = float(rng.uniform(*STORIES_PER_WEEK))
    has_wip_limit = bool(rng.random() < 0.5)
    places = NO_LIMIT
    if has_wip_limit:
        # In each team a place for everybody who works for it, and half as many again for what waits.
        places = round(1.5 * sum(people.values()) / n_teams) + 2
    identity = f"p{seed:03d}{role.value}"
    developers = people["build"] // n_teams
    teams = tuple(
        Team(
            id=f"{identity}{number}",
            name=f"Team {identity}{number}",
            train=f"{identity}-train",
            project=f"{identity}{number}".upper(),
            component="",
            developers=developers,
            wip_limit=places,
            stories_per_week=stories / n_teams,
            backlog_limit=40 if has_wip_limit else NO_LIMIT,
            ready_limit=max(5, developers) if has_wip_limit else NO_LIMIT,
        )
        for number in range(1, n_teams + 1)
    )
    hours = {
        stage: loads[stage] * people[stage] * WEEK_HOURS / (stories * work_per_story(stages)[stage]) for stage in stages
    }
    stream = ValueStream(
        id=identity,
        name=f"Stream {identity}",
        source="jira",
        trains=(Train(f"{identity}-train", f"Train {identity}", teams),),
        reviewers=people.get("review", 0),
        testers=people["test"],
        release_days=tuple(sorted(rng.choice(5, size=int(rng.integers(1, 6)), replace=False).tolist())),
        release_at=18.0,
        story_points=1.0,
        flag_share=float(rng.uniform(0.0, 0.06)),
        flag_reasons=((scenario.OTHER_TEAM, 1.0),),
        build_hours=hours["build"],
        review_hours=hours.get("review", 1.0),
        test_hours=hours["test"],
        approvers=people.get("approval", 0),
        approval_hours=hours.get("approval", 1.0),
    )
    tells = bool(rng.random() < 0.5)
    return PlantedStream(role, stream, stages, people, loads, constraint, has_wip_limit, tells, launched_on)


def work_per_story(stages: tuple[str, ...]) -> dict[str, float]:
    """Return what a story asked for costs each stage, in service times of an item of size 1, rework counted.

    From the probabilities of the scenario: stories that are dropped, sent back (with a part of the work), that skip
    review, and the mean size.
    """
    from_review = scenario.REWORK_FROM_REVIEW if "review" in stages else 0.0
    reaches_test = 1 - from_review
    sent_back = from_review + reaches_test * scenario.REWORK_FROM_TEST
    again = scenario.REWORK_FACTOR * sent_back / (1 - sent_back)
    defects = scenario.STANDALONE_SHARE * 0.62
    size = np.exp(scenario.SIZE_SPREAD**2 / 2) * (0.8 * defects + 1.05 * (1 - defects))
    started = (1 - scenario.DROPPED_FROM_BACKLOG) * size * (1 + scenario.REOPENED * scenario.REWORK_FACTOR)
    goes_on = started * (1 - scenario.DROPPED_AFTER_BUILD)
    work = {
        "build": started * (1 + again),
        "review": goes_on * (1 - scenario.SKIP_REVIEW + again),
        "test": goes_on * reaches_test * (1 + again),
        # Only what is accepted gets there, with the share of work of its last attempt.
        "approval": goes_on * (1 - sent_back * (1 - scenario.REWORK_FACTOR)),
    }
    return {stage: float(work[stage]) for stage in stages}


def _relief(improved: PlantedStream, factor: float) -> list[Intervention]:
    """Return the change that truly helps: the constraint's service times fall by a quarter to two fifths."""
    assert improved.constraint is not None
    assert improved.launched_on is not None
    teams: list[str | None] = [None]
    if improved.constraint == "build":
        teams = [team.id for team in improved.stream.teams]
    return [
        Intervention(
            id=f"{improved.stream.id}-relief",
            launched_on=improved.launched_on,
            verdict="worked",
            metric="cycle_time",
            value_stream=improved.stream.id,
            train=None,
            stage=improved.constraint,
            team=team,
            service_factor=factor,
        )
        for team in teams
    ]
