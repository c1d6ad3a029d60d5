"""The example's registers of capacity, objectives and outcomes, told from what is simulated.

Belongs here: rows of capacity.csv, objectives.csv and outcomes.csv. Does not belong here: the interventions, which are
written by hand beside this module, and the simulated work itself (``simulator``).

Capacity is the scenario's own: developers per team, reviewers and testers of a stream spread over its teams, and more
of them from the day an intervention added them. The scenario counts people at work, the register those employed, of
whom a part is away: so the utilisation that Weir computes is the planted one. Objectives and outcomes are what such
teams might have written down: drawn with a seed, except for one planted truth, that customers of Lending grow more
content after its reviewers came.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from orchestration.portfolio.example.scenario import FIRST_DAY, INTERVENTIONS, LAST_DAY, VALUE_STREAMS, ValueStream

Row = Mapping[str, object]

REGISTERS: Final = ("capacity", "objectives", "outcomes")
HOURS_PER_WEEK: Final = 40
ABSENCE_SHARE: Final = 0.15
COST_RATES: Final = {"developer": 82, "reviewer": 95, "tester": 74}
INCREMENTS: Final = ("PI-25.1", "PI-25.2", "PI-25.3", "PI-25.4", "PI-26.1", "PI-26.2")
OBJECTIVES: Final = (
    "Customers finish the journey without calling us",
    "Cases are decided on the day they arrive",
    "Rules of the new directive are met",
    "Half as many payments need a second look",
    "The old interface is switched off",
    "Errors are seen before customers see them",
    "Colleagues find every document in one place",
    "Customers choose how we write to them",
)
LEVELS: Final = {"payments": (7.1, 11.0), "servicing": (7.6, 8.0), "lending": (5.9, 19.0)}
"""Per value stream: satisfaction (points of 10) and time to market (working days) at the beginning."""

_SEED: Final = 20241230
_LENDING_IMPROVES: Final = next(entry.launched_on for entry in INTERVENTIONS if entry.id == "lending-reviewers")
_WEEKS_TO_SETTLE: Final = 16


def write_registers(folder: Path, copies: int, names: Iterable[str]) -> None:
    """Write the named ones of ``REGISTERS`` into ``folder``; people are ``copies`` times as many, as the work is."""
    tables: dict[str, Iterable[Row]] = {
        "capacity": capacity_rows(copies),
        "objectives": objective_rows(),
        "outcomes": outcome_rows(),
    }
    for name in names:
        listed = list(tables[name])
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, list(listed[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(listed)


def capacity_rows(copies: int) -> Iterator[Row]:
    """Yield who there is: per team its developers, and its part of the stream's reviewers and testers."""
    for stream in VALUE_STREAMS:
        for team in stream.teams:
            yield from _headcounts(team.id, "developer", team.developers * copies, _added("build", team.id, copies))
            n_teams = len(stream.teams)
            for role, people, stage in (
                ("reviewer", stream.reviewers, "review"),
                ("tester", stream.testers, "test"),
            ):
                added = _added(stage, stream.id, copies)
                shared = [(day, number / n_teams) for day, number in added]
                yield from _headcounts(team.id, role, people * copies / n_teams, shared)


def _added(stage: str, scope: str, copies: int) -> list[tuple[date, float]]:
    """Days from which an intervention gave more people to a stage of the stream, or of the team, and how many."""
    return [
        (entry.launched_on, float(entry.added_seats * copies))
        for entry in INTERVENTIONS
        if entry.stage == stage and entry.added_seats and (entry.team or entry.value_stream) == scope
    ]


def _headcounts(team: str, role: str, at_the_end: float, added: list[tuple[date, float]]) -> Iterator[Row]:
    """Yield how many have to be employed so that, on an average day, as many are at work as are simulated."""
    headcount = at_the_end - sum(number for _, number in added)
    for day, number in [(FIRST_DAY, 0.0), *added]:
        headcount += number
        yield {
            "team": team,
            "role": role,
            "valid_from": day,
            "headcount": f"{headcount / (1 - ABSENCE_SHARE):.2f}".rstrip("0").rstrip("."),
            "hours_per_week": HOURS_PER_WEEK,
            "absence_share": ABSENCE_SHARE,
            "cost_rate_per_hour": COST_RATES[role],
        }


def objective_rows() -> Iterator[Row]:
    """Yield three objectives per team and increment, the last one a stretch; the newest increment is not yet rated."""
    rng = np.random.default_rng(np.random.SeedSequence(_SEED, spawn_key=(1,)))
    for increment in INCREMENTS:
        for team in (team for stream in VALUE_STREAMS for team in stream.teams):
            for number, position in enumerate(rng.choice(len(OBJECTIVES), size=3, replace=False).tolist(), start=1):
                planned = int(rng.integers(4, 11))
                is_committed = number < 3  # noqa: PLR2004 - the third of three
                reached = planned * min(1.0, float(rng.normal(0.85 if is_committed else 0.45, 0.15)))
                yield {
                    "increment": increment,
                    "team": team.id,
                    "objective_id": f"{team.id}-{number}",
                    "objective": OBJECTIVES[position],
                    "committed": str(is_committed).lower(),
                    "planned_business_value": planned,
                    "actual_business_value": "" if increment == INCREMENTS[-1] else max(0, round(reached)),
                }


def outcome_rows() -> Iterator[Row]:
    """Yield satisfaction and time to market of each value stream and whole week."""
    for number, stream in enumerate(VALUE_STREAMS):
        rng = np.random.default_rng(np.random.SeedSequence(_SEED, spawn_key=(2, number)))
        yield from _outcomes(stream, rng)


def _outcomes(stream: ValueStream, rng: np.random.Generator) -> Iterator[Row]:
    satisfaction, days = LEVELS[stream.id]
    n_weeks = ((LAST_DAY - FIRST_DAY).days + 1) // 7
    noise = rng.normal(0.0, 1.0, size=(n_weeks, 2))
    for week in range(n_weeks):
        monday = FIRST_DAY + timedelta(weeks=week)
        weeks_since = (monday - _LENDING_IMPROVES).days / 7 if stream.id == "lending" else 0.0
        gained = min(max(weeks_since / _WEEKS_TO_SETTLE, 0.0), 1.0)
        measures = (
            ("satisfaction", satisfaction + 0.8 * gained + 0.15 * noise[week, 0], "points of 10", "up"),
            ("time to market", max(1.0, days * (1 - 0.35 * gained) + 1.2 * noise[week, 1]), "working days", "down"),
        )
        for outcome, value, unit, direction in measures:
            yield {
                "week": monday,
                "value_stream": stream.id,
                "outcome": outcome,
                "value": f"{value:.1f}",
                "unit": unit,
                "desired_direction": direction,
            }
