"""One simulated copy of the portfolio, complete: stories, their parents, sub-tasks, flaws, ids and keys.

Belongs here: the order in which these are made, and how a copy is thinned to a number of issues. Does not belong
here: any of the steps themselves, and files.

A larger example is several copies with fresh seeds whose teams carry the same names: the stream's figures add up, each
stage is as loaded as in one copy, and copies can be made one after the other in bounded memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.portfolio.example import hierarchy, imperfections
from orchestration.portfolio.example.jira_numbering import number_issues
from orchestration.portfolio.example.records import SimulatedItem
from orchestration.portfolio.example.simulator import PortfolioSimulation, Seats
from orchestration.portfolio.example.working_clock import WorkingClock


@dataclass(frozen=True, slots=True)
class PortfolioCopy:
    """A finished copy. ``planted`` names each flaw's issues; ``seats`` are the stages' people as simulated."""

    number: int
    items: list[SimulatedItem]
    planted: dict[str, list[SimulatedItem]]
    seats: dict[tuple[str, str, str | None], Seats]


def make_copy(seed: int, number: int, keep: int | None, clock: WorkingClock) -> PortfolioCopy:
    """Simulate copy ``number``; keep exactly ``keep`` of its issues, chosen at random, or all of them.

    Thinning leaves every waiting time as it was and makes counts smaller; a child whose parent went loses its parent.
    """
    of_work, of_parents, of_flaws, of_choice = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed, spawn_key=(number,)).spawn(4)
    )
    simulation = PortfolioSimulation(of_work, clock)
    simulation.run()
    items = simulation.items
    hierarchy.complete_parents(items, of_parents)

    whole = imperfections.scaled(1.0)
    n_extra = whole["sub_tasks"] + whole["straight_to_done"] + whole["night_incidents"]
    numbers = imperfections.scaled(1.0 if keep is None else min(1.0, keep / (len(items) + n_extra)))
    straight = imperfections.tasks_straight_to_done(numbers["straight_to_done"], clock, of_flaws)
    nights = imperfections.night_incidents(numbers["night_incidents"])
    if keep is not None:
        items = _thinned(items, keep - numbers["sub_tasks"] - len(straight) - len(nights), of_choice)
    stories = [item for item in items if item.level == "story"]
    sub_tasks = hierarchy.sub_tasks(stories, numbers["sub_tasks"], of_parents)
    planter = imperfections.Planter(items, numbers, of_flaws)
    planter.plant()
    planted = {**planter.planted, "sub_tasks": sub_tasks, "straight_to_done": straight, "night_incidents": nights}

    items = [*items, *sub_tasks, *straight, *nights]
    number_issues(items, number)
    return PortfolioCopy(number, items, planted, simulation.seats)


def _thinned(items: list[SimulatedItem], keep: int, rng: np.random.Generator) -> list[SimulatedItem]:
    if keep >= len(items):
        return items
    positions = rng.choice(len(items), size=keep, replace=False)
    kept = [items[position] for position in sorted(positions.tolist())]
    there = set(map(id, kept))
    for item in kept:
        if item.parent is not None and id(item.parent) not in there:
            item.parent = None
    return kept
