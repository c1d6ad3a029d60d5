"""The folder of a portfolio that holds several planted ones: its portfolio file, registers and Jira export.

Belongs here: simulated lives in Jira's words, cut off where the export ends. Does not belong here: the truth
(`planted_portfolios`). No flaws are planted: what bad records do is tried elsewhere, here it would only blur the truth.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

from orchestration.portfolio.example import hierarchy, records, scenario
from orchestration.portfolio.example.records import SimulatedItem
from orchestration.portfolio.example.simulator import PortfolioSimulation
from orchestration.portfolio.example.working_clock import WorkingClock, local_ms
from tests.accuracy.planted_portfolios import AS_OF, TRANSITION_DAYS, PlantedPortfolio, PlantedStream, Role

Json = dict[str, Any]

CUT_MS: Final = local_ms(datetime.combine(AS_OF, time()))
ROLES: Final = {"build": "developer", "review": "reviewer", "test": "tester", "approval": "approver"}
FLAGGED: Final = "customfield_10021"
ID_STRIDE: Final = 100_000
LEVELS: Final = {"epic": "Epic", "feature": "Feature"}
#: What people expect of an intervention, in percent, and the metrics each is registered with.
PROJECTED_PERCENT: Final = 20
METRICS: Final = {"cycle_time": "down", "throughput": "up"}

_NAMES: Final = {
    records.BACKLOG: "To Do", records.READY: "Ready", records.BUILD: "In Progress",
    records.READY_FOR_REVIEW: "Ready for Review", records.REVIEW: "In Review",
    records.READY_FOR_TEST: "Ready for Test", records.TEST: "In Test",
    records.READY_FOR_APPROVAL: "Ready for Approval", records.APPROVAL: "In Approval",
    records.READY_FOR_RELEASE: "Ready for Release", records.DONE: "Done", records.CANCELLED: "Cancelled",
    records.ON_HOLD: "On Hold", records.FUNNEL: "Funnel", records.ANALYSING: "Analysing",
    records.IMPLEMENTING: "Implementing", records.VALIDATING: "Validating", records.REVIEWING: "Reviewing",
    records.PORTFOLIO_BACKLOG: "Portfolio Backlog",
}  # fmt: skip
_CATEGORIES: Final = {records.DONE: "done", records.CANCELLED: "done", records.BACKLOG: "new", records.FUNNEL: "new"}
_IDS: Final = {status: str(10_000 + place) for place, status in enumerate(_NAMES)}
_RESOLUTIONS: Final = {records.DONE: "Done", records.CANCELLED: "Won't Do"}


def simulate(planted: PlantedPortfolio, clock: WorkingClock) -> list[SimulatedItem]:
    """Return the whole lives of a planted portfolio's issues, beyond what will be exported."""
    of_work, of_parents = (
        np.random.default_rng(child) for child in np.random.SeedSequence(planted.seed, spawn_key=(1,)).spawn(2)
    )
    simulation = PortfolioSimulation(of_work, clock, planted.plan)
    simulation.run()
    hierarchy.complete_parents(simulation.items, of_parents)
    numbers: dict[str, int] = {}
    # In the order of creation, as Jira numbers them.
    for item in sorted(simulation.items, key=lambda each: each.moves[0][0]):
        numbers[item.team.project] = numbers.get(item.team.project, 0) + 1
        item.key = f"{item.team.project}-{numbers[item.team.project]}"
    return simulation.items


def write_portfolio_folder(folder: Path, planted: Iterable[tuple[PlantedPortfolio, list[SimulatedItem]]]) -> None:
    """Write one portfolio folder of all value streams of the planted portfolios, with their issues as of the cut."""
    exports, registers = folder / "exports" / "jira", folder / "registers"
    exports.mkdir(parents=True)
    registers.mkdir()
    streams: list[PlantedStream] = []
    with gzip.open(exports / "issues.ndjson.gz", "wt", 3, encoding="utf-8") as target:
        for portfolio, items in planted:
            streams += portfolio.streams
            there = [item for item in items if item.moves[0][0] < CUT_MS]
            # The same ids whatever lies in the folder beside them.
            for number, item in enumerate(there):
                item.native_id = ID_STRIDE * (portfolio.seed + 1) + number
            target.writelines(json.dumps(_issue(item)) + "\n" for item in there)
    statuses = [{"id": _IDS[each], "name": name, "statusCategory": _category(each)} for each, name in _NAMES.items()]
    complete_to = datetime.combine(AS_OF, time(), tzinfo=scenario.TIMEZONE)
    manifest = {
        "exported_at": (complete_to + timedelta(minutes=90)).isoformat(),
        "complete_to": complete_to.isoformat(),
    }
    (exports / "statuses.json").write_text(json.dumps(statuses), encoding="utf-8")
    (exports / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    text = yaml.safe_dump(_portfolio_file(streams), sort_keys=False, allow_unicode=True)
    (folder / "portfolio.yaml").write_text(text, encoding="utf-8")
    _write_register(registers / "capacity.csv", [row for each in streams for row in _capacity(each)])
    _write_register(registers / "interventions.csv", [row for each in streams for row in _interventions(each)])


# -- the portfolio file and registers ------------------------------------------------------------------------------


def _portfolio_file(streams: list[PlantedStream]) -> Json:
    starts = [scenario.FIRST_DAY + timedelta(weeks=13 * number) for number in range(7)]
    teams = [team for each in streams for team in each.stream.teams]
    workflows = [_delivery(each) for each in streams]
    return {
        "portfolio": {"id": "planted", "name": "Planted portfolios", "timezone": "Europe/Berlin", "currency": "EUR"},
        "calendar": {
            "country": scenario.HOLIDAYS[0],
            "subdivision": scenario.HOLIDAYS[1],
            "working_days": ["mon", "tue", "wed", "thu", "fri"],
            "hours": ["09:00", "17:00"],
            "closed": [{"from": start, "to": end, "reason": "Year-end closure"} for start, end in scenario.CLOSED],
        },
        "increments": [
            {"id": f"PI-{number}", "start": start, "end": start + timedelta(days=90)}
            for number, start in enumerate(starts, 1)
        ],
        "value_streams": [
            {
                "id": each.stream.id,
                "name": each.stream.name,
                "trains": [
                    {
                        "id": train.id,
                        "name": train.name,
                        "teams": [{"id": team.id, "name": team.name} for team in train.teams],
                    }
                    for train in each.stream.trains
                ],
            }
            for each in streams
        ],
        "sources": [{"id": "jira", "tool": "jira", "exports": "exports/jira"}],
        "workflows": [*workflows, *_PARENT_WORKFLOWS],
        "membership": [{"team": team.id, "when": {"project": team.project}} for team in teams],
        "work_types": [
            {"level": "epic", "work_type": "feature", "when": {"type": "Epic"}},
            {"level": "feature", "work_type": "feature", "when": {"type": "Feature"}},
            {"level": "story", "work_type": "defect", "when": {"type": "Bug"}},
            {"level": "story", "work_type": "feature", "when": {"type": ["Story", "Task"]}},
        ],
        "fields": {"jira": {"flagged": FLAGGED}},
        "keep_generations": 1,
    }


def _delivery(each: PlantedStream) -> Json:
    stages: list[Json] = [
        {"id": "backlog", "name": "Backlog", "kind": "queue", "counted": False, "statuses": ["To Do"]},
        {"id": "ready", "name": "Ready", "kind": "queue", "statuses": ["Ready"]},
    ]
    for stage in each.stages:
        if stage != "build":
            waits = f"ready-for-{stage}"
            stages.append({"id": waits, "name": _NAMES[waits], "kind": "queue", "statuses": [_NAMES[waits]]})
        held = ["On Hold"] if stage == "build" else []
        told: Json = {"id": stage, "name": stage.capitalize(), "kind": "active", "roles": [ROLES[stage]]}
        if stage == "build":
            told["commitment"] = True
        if each.has_wip_limit:
            told["wip_limit"] = 2 * each.people[stage]
        stages.append({**told, "statuses": [_NAMES[stage], *held]})
    stages += [
        {"id": "ready-for-release", "name": "Ready for release", "kind": "queue", "statuses": ["Ready for Release"]},
        {"id": "done", "name": "Done", "kind": "done", "statuses": ["Done"]},
    ]
    return {
        "id": f"delivery-{each.stream.id}",
        "name": f"Delivery of {each.stream.name}",
        "applies_to": {"levels": ["story"], "value_streams": [each.stream.id]},
        "stages": stages,
        "cancelled": {"statuses": ["Cancelled"], "resolutions": ["Won't Do"]},
        "blocked": {"statuses": ["On Hold"]},
    }


_PARENT_WORKFLOWS: Final = [
    {
        "id": "feature",
        "name": "Features",
        "applies_to": {"levels": ["feature"]},
        "stages": [
            {"id": "funnel", "name": "Funnel", "kind": "queue", "counted": False, "statuses": ["Funnel"]},
            {"id": "analysing", "name": "Analysing", "kind": "active", "statuses": ["Analysing"]},
            {"id": "ready", "name": "Ready", "kind": "queue", "statuses": ["Ready"]},
            {
                "id": "implementing",
                "name": "Implementing",
                "kind": "active",
                "commitment": True,
                "statuses": ["Implementing"],
            },
            {"id": "validating", "name": "Validating", "kind": "active", "statuses": ["Validating"]},
            {"id": "done", "name": "Done", "kind": "done", "statuses": ["Done"]},
        ],
    },
    {
        "id": "epic",
        "name": "Epics",
        "applies_to": {"levels": ["epic"]},
        "stages": [
            {"id": "funnel", "name": "Funnel", "kind": "queue", "counted": False, "statuses": ["Funnel"]},
            {"id": "reviewing", "name": "Reviewing", "kind": "active", "statuses": ["Reviewing"]},
            {"id": "backlog", "name": "Portfolio backlog", "kind": "queue", "statuses": ["Portfolio Backlog"]},
            {
                "id": "implementing",
                "name": "Implementing",
                "kind": "active",
                "commitment": True,
                "statuses": ["Implementing"],
            },
            {"id": "done", "name": "Done", "kind": "done", "statuses": ["Done"]},
        ],
    },
]


def _capacity(each: PlantedStream) -> list[Json]:
    if not each.tells_capacity:
        return []
    teams = each.stream.teams
    return [
        {
            "team": team.id,
            "role": ROLES[stage],
            "valid_from": scenario.FIRST_DAY,
            "headcount": round(each.people[stage] / len(teams), 4),
            "hours_per_week": 40,
            "absence_share": 0,
        }
        for team in teams
        for stage in each.stages
    ]


def _interventions(each: PlantedStream) -> list[Json]:
    if each.launched_on is None:
        return []
    return [
        {
            "intervention_id": f"{each.stream.id}-{metric}",
            "name": f"Change in {each.stream.name}, {metric}",
            "value_stream": each.stream.id,
            "level": "story",
            "metric": metric,
            "desired_direction": direction,
            "launched_on": each.launched_on,
            "transition_days": TRANSITION_DAYS,
            "projected_change_percent": PROJECTED_PERCENT if direction == "up" else -PROJECTED_PERCENT,
            "funded_on": each.launched_on - timedelta(weeks=4),
        }
        for metric, direction in METRICS.items()
        # Throughput follows what is asked for as long as the line keeps up, so only of placebos its truth is known.
        if each.role is not Role.IMPROVED or metric == "cycle_time"
    ]


def _write_register(path: Path, rows: list[Json]) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


# -- issues --------------------------------------------------------------------------------------------------------


def _issue(item: SimulatedItem) -> Json:
    moves = [move for move in item.moves if move[0] < CUT_MS]
    status = moves[-1][1]
    ended = _RESOLUTIONS.get(status)
    changes = [(at, _move(before, after)) for (_, before), (at, after) in pairwise(moves)]
    marks = [edit for edit in item.edits if edit[1] in (records.FLAGGED, records.UNFLAGGED) and edit[0] < CUT_MS]
    changes += [(at, _mark(kind)) for at, kind, _ in marks]
    changes.sort(key=lambda change: change[0])
    newest = max(moves[-1][0], *(at for at, _ in changes)) if changes else moves[0][0]
    fields: Json = {
        "summary": f"{item.kind} {item.key}",
        "status": {"id": _IDS[status], "name": _NAMES[status], "statusCategory": _category(status)},
        "issuetype": {"name": LEVELS.get(item.level, item.kind), "subtask": False},
        "project": {"key": item.team.project},
        "created": _text(moves[0][0]),
        "updated": _text(newest),
        "resolution": {"name": ended} if ended else None,
        "resolutiondate": _text(moves[-1][0]) if ended else None,
        "labels": [],
        "components": [],
        FLAGGED: [{"value": "Impediment"}] if marks and max(marks)[1] == records.FLAGGED else None,
    }
    if item.parent is not None:
        fields["parent"] = {"id": str(item.parent.native_id), "key": item.parent.key}
    histories = [
        {"id": str(item.native_id * 1000 + place), "created": _text(at), "items": entries}
        for place, (at, entries) in enumerate(changes)
    ]
    changelog = {"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories}
    return {"id": str(item.native_id), "key": item.key, "fields": fields, "changelog": changelog}


def _move(before: str, after: str) -> list[Json]:
    entries = [_change("status", (_IDS[before], _NAMES[before]), (_IDS[after], _NAMES[after]))]
    was, becomes = _RESOLUTIONS.get(before), _RESOLUTIONS.get(after)
    if was != becomes:
        entries.append(_change("resolution", (was, was), (becomes, becomes)))
    return entries


def _mark(kind: str) -> list[Json]:
    before, after = ("", "Impediment") if kind == records.FLAGGED else ("Impediment", "")
    return [{**_change("Flagged", (before, before), (after, after)), "fieldtype": "custom", "fieldId": FLAGGED}]


def _change(field: str, before: tuple[str | None, str | None], after: tuple[str | None, str | None]) -> Json:
    return {
        "field": field,
        "fieldtype": "jira",
        "fieldId": field,
        "from": before[0],
        "fromString": before[1],
        "to": after[0],
        "toString": after[1],
    }


def _category(status: str) -> Mapping[str, str]:
    return {"key": _CATEGORIES.get(status, "indeterminate")}


def _text(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}+0000"


def day_ms(day: date) -> int:
    """Return the first instant of a local day, in milliseconds since 1970."""
    return local_ms(datetime.combine(day, time()))
