"""The registers of a portfolio: tables that people keep by hand in registers/, as CSV or XLSX.

Belongs here: reading and checking them, one module per register. Does not belong here: their columns
(register_rows.py), and the tables they become (tables.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.portfolio.models import PortfolioFile
from orchestration.portfolio.problems import Problem
from orchestration.portfolio.references import WrittenIds
from orchestration.portfolio.register_rows import (
    Capacity,
    Intervention,
    Objective,
    Outcome,
    Person,
    PracticeEvent,
)
from orchestration.portfolio.registers.capacity import read_capacity
from orchestration.portfolio.registers.interventions import read_interventions
from orchestration.portfolio.registers.objectives import read_objectives
from orchestration.portfolio.registers.outcomes import read_outcomes
from orchestration.portfolio.registers.people import read_people
from orchestration.portfolio.registers.practice_events import read_practice_events
from orchestration.portfolio.registers.table_rows import REGISTERS_FOLDER

__all__ = ["REGISTERS_FOLDER", "Registers", "read_registers"]


@dataclass(frozen=True)
class Registers:
    """The valid rows of every register in file order, all problems, and the bytes of the files by name."""

    interventions: list[Intervention]
    practice_events: list[PracticeEvent]
    capacity: list[Capacity]
    objectives: list[Objective]
    outcomes: list[Outcome]
    people: list[Person]
    problems: list[Problem]
    contents: dict[str, bytes]


def read_registers(
    folder: Path, model: PortfolioFile | None, ids: WrittenIds | None, environment: Mapping[str, str]
) -> Registers:
    """Read every register of a portfolio folder; one that is not kept is empty.

    Args:
        folder: The portfolio folder.
        model: The portfolio the rows refer to, None if it could not be read: then only the rows themselves are checked.
        ids: The ids written in portfolio.yaml, likewise.
        environment: The environment variables, for the key that people are hashed with.
    """
    interventions = read_interventions(folder, model, ids)
    written_interventions = [row.cells.get("intervention_id", "") for row in interventions.rows]
    practice_events = read_practice_events(folder, written_interventions)
    capacity = read_capacity(folder, model, ids)
    objectives = read_objectives(folder, ids)
    outcomes = read_outcomes(folder, ids)
    people, people_rows = read_people(folder, model, ids, environment)
    read = (interventions, practice_events, capacity, objectives, outcomes, people_rows)
    return Registers(
        interventions=interventions.models,
        practice_events=practice_events.models,
        capacity=capacity.models,
        objectives=objectives.models,
        outcomes=outcomes.models,
        people=people,
        problems=[problem for each in read for problem in each.problems],
        contents={name: content for each in read for name, content in each.contents.items()},
    )
