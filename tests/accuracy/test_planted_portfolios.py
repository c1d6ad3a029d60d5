"""The truth that accuracy is measured against is what is simulated: loads, constraints, placebos, outcomes."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from orchestration.portfolio.example import records
from orchestration.portfolio.example.records import SimulatedItem
from orchestration.portfolio.example.scenario import FIRST_DAY
from orchestration.portfolio.example.simulator import WEEK_HOURS, PortfolioSimulation
from orchestration.portfolio.example.working_clock import WorkingClock
from tests.accuracy.outcomes import Outcomes
from tests.accuracy.planted_portfolios import AS_OF, BALANCED_ROLES, PLACEBO_ROLES, PlantedStream, Role, plant
from tests.accuracy.portfolio_exports import CUT_MS, simulate

SEEDS = (0, 2, 3)
WARM_UP_WEEKS = 12


@pytest.fixture(scope="module")
def clock() -> WorkingClock:
    return WorkingClock()


def worked_shares(simulation: PortfolioSimulation, each: PlantedStream) -> dict[str, float]:
    """Return hours worked over hours there, by stage of a value stream, up to the end of the exports."""
    last = (AS_OF - FIRST_DAY).days // 7
    hours = dict.fromkeys(each.stages, 0.0)
    for (stream, stage, _), seats in simulation.seats.items():
        if stream == each.stream.id:
            hours[stage] += sum(seats.worked[WARM_UP_WEEKS:last])
    return {stage: hours[stage] / (each.people[stage] * WEEK_HOURS * (last - WARM_UP_WEEKS)) for stage in each.stages}


def test_a_seed_gives_one_truth_and_others_give_others() -> None:
    drawn = [plant(seed) for seed in range(100)]
    assert plant(7) == drawn[7]
    streams = [each for portfolio in drawn for each in portfolio.streams]
    # Everything that is to vary does.
    assert {len(each.stages) for each in streams} == {2, 3, 4}
    assert {each.constraint for each in streams} == {None, "build", "review", "test", "approval"}
    for mark in ("has_wip_limit", "tells_capacity"):
        assert 0.4 < np.mean([getattr(each, mark) for each in streams]) < 0.6
    assert 0.2 < np.mean([portfolio.drifts_from is not None for portfolio in drawn]) < 0.4
    for each in streams:
        assert (each.constraint is None) == (each.role in BALANCED_ROLES)
        others = [load for stage, load in each.loads.items() if stage != each.constraint]
        if each.constraint is None:
            assert len(set(others)) == 1
        else:
            assert each.loads[each.constraint] > max(others) + 0.1


def test_a_placebo_changes_nothing_and_the_relief_relieves_the_constraint() -> None:
    for seed in range(100):
        planted = plant(seed)
        by_role = {each.role: each for each in planted.streams}
        assert all(by_role[role].launched_on is not None for role in PLACEBO_ROLES)
        assert {change.value_stream for change in planted.interventions} == {by_role[Role.IMPROVED].stream.id}
        assert {change.stage for change in planted.interventions} == {by_role[Role.IMPROVED].constraint}
        assert all(change.service_factor < 1 for change in planted.interventions)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_worked_is_the_load_that_is_planted(seed: int, clock: WorkingClock) -> None:
    planted = plant(seed)
    assert planted.drifts_from is None
    simulation = PortfolioSimulation(np.random.default_rng(seed), clock, planted.plan)
    simulation.run()
    for each in planted.streams:
        if each.role is Role.IMPROVED:
            continue
        worked = worked_shares(simulation, each)
        if each.constraint is None:
            assert max(worked.values()) - min(worked.values()) < 0.08
        else:
            assert max(worked, key=worked.__getitem__) == each.constraint
        if not each.has_wip_limit:
            # Chance in demand and in the size of items moves a year's load by a few points.
            assert worked == pytest.approx(each.loads, abs=0.09)


def test_outcomes_are_those_of_the_lives(clock: WorkingClock) -> None:
    items = simulate(plant(SEEDS[0]), clock)
    outcomes = Outcomes.of(items)
    stories = [item for item in items if item.level == "story"]
    stream, yesterday = stories[0].stream.id, AS_OF - timedelta(days=1)

    def status_at_cut(item: SimulatedItem) -> str | None:
        return next((status for at, status in reversed(item.moves) if at < CUT_MS), None)

    waiting = [item for item in stories if item.stream.id == stream and status_at_cut(item) == records.READY_FOR_TEST]
    assert outcomes.queue_at_end(stream, records.READY_FOR_TEST, yesterday) == len(waiting)
    done = [
        item
        for item in stories
        if item.stream.id == stream and item.status == records.DONE and item.moves[-1][0] < CUT_MS
    ]
    assert outcomes.stories_finished(stream, FIRST_DAY, yesterday) == len(done) > 0
    feature = next(item for item in items if item.level == "feature" and item.status == records.DONE)
    ends = [item.moves[-1][0] for item in stories if item.parent is feature]
    assert outcomes.feature_ends[feature.key] == max(ends)
