"""Changes, deployments, incidents and findings of the example: told by the simulated stories, as planted."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.portfolio import load_portfolio
from orchestration.portfolio.example import prepare_example, scenario
from orchestration.portfolio.example.delivery import simulate_delivery
from orchestration.portfolio.example.portfolio_copy import make_copy
from orchestration.portfolio.example.records import SimulatedItem
from orchestration.portfolio.example.working_clock import WorkingClock

Row = dict[str, str]


@pytest.fixture(scope="module")
def log(folder: Path) -> dict[str, list[Row]]:
    return {name: read_log(folder, name) for name in ("changes", "deployments", "incidents")}


def read_log(folder: Path, name: str) -> list[Row]:
    with (folder / "exports" / "delivery-log" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def lived(item: SimulatedItem) -> tuple[Any, ...]:
    return item.key, tuple(item.moves), tuple(edit[:2] for edit in item.edits), item.title_seed, item.size


def test_the_issues_are_the_same_with_and_without_their_delivery() -> None:
    clock = WorkingClock()
    copy = make_copy(7, 0, 300, clock)
    before = [lived(item) for item in copy.items]
    delivered = simulate_delivery(copy, 7, clock)
    assert sum(len(stream.changes) for stream in delivered.values()) > 50
    assert [lived(item) for item in copy.items] == before


def test_a_change_names_an_issue_that_is_there_and_was_built_then(log: dict[str, list[Row]], exports: Any) -> None:
    issues = {issue["key"]: issue for issue in exports.issues}
    in_title = in_branch = nameless = 0
    for row in log["changes"]:
        title, branch = row["title"].partition(":")[0], row["branch"].removeprefix("feature/")
        key = title if title in issues else branch
        if key not in issues:
            nameless += 1
            continue
        in_title += title in issues
        in_branch += branch in issues
        stays = exports.stays(issues[key])
        built = next(entered for status, entered, _ in stays if exports.stage(issues[key], status) == "build")
        assert datetime.fromisoformat(row["first_commit"]) >= built, row["change"]
    assert nameless == pytest.approx(scenario.NAMELESS_CHANGES * len(log["changes"]), rel=0.2)
    assert in_title / (in_title + in_branch) == pytest.approx(scenario.KEY_IN_TITLE, abs=0.03)


def test_moments_of_a_change_follow_one_another(log: dict[str, list[Row]]) -> None:
    n_merged = 0
    for row in log["changes"]:
        moments = [
            datetime.fromisoformat(row[name])
            for name in ("first_commit", "opened", "first_review", "approved", "merged", "closed")
            if row[name]
        ]
        assert moments == sorted(moments), row["change"]
        assert moments[-1] < scenario.COMPLETE_TO
        assert bool(row["merged"]) == bool(row["merge_commit"])
        n_merged += bool(row["merged"])
    assert 0.9 < n_merged / len(log["changes"]) < 1


def test_a_release_is_repeated_until_it_succeeds(log: dict[str, list[Row]], exports: Any) -> None:
    attempts: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in log["deployments"]:
        if row["environment"] == scenario.PRODUCTION:
            attempts[row["project"], row["ref"]].append(row)
    ends = [[row["result"] for row in rows] for rows in attempts.values()]
    assert all(results[:-1] == ["rolled back"] * (len(results) - 1) for results in ends)
    assert sum(results[-1] != "success" for results in ends) <= 3
    assert sum(len(results) > 1 for results in ends) > 50
    assert all(len({row["commits"] for row in rows}) == 1 for rows in attempts.values())
    merged = {row["merge_commit"] for row in log["changes"] if row["merged"]}
    brought = {commit for row in log["deployments"] for commit in row["commits"].split()}
    assert brought <= merged
    assert len(brought) > 0.95 * len(merged)
    assert exports.truth["delivery"]["payments"]["changes_in_production"] > 2000


def test_what_came_out_is_near_what_was_planted(exports: Any) -> None:
    for stream, found in exports.truth["delivery"].items():
        planted, n_deployments = scenario.DELIVERY[stream], found["production_deployments"]
        spread = math.sqrt(planted.failure_share * (1 - planted.failure_share) / n_deployments)
        assert found["change_failure_share"] == pytest.approx(planted.failure_share, abs=4 * spread)
        assert found["median_hours"]["restore"] == pytest.approx(planted.restore_hours, rel=0.35)
        assert found["median_hours"]["recovery"] == pytest.approx(planted.recovery_hours, rel=0.35)


def test_findings_are_whole_pages_without_people(folder: Path, exports: Any) -> None:
    pages = [
        json.loads(exports.text_of(path))
        for path in sorted((folder / "exports" / "quality").glob("findings-*.json.gz"))
    ]
    issues = [issue for page in pages for issue in page["issues"]]
    assert {page["paging"]["total"] for page in pages} == {len(issues)}
    assert [page["p"] for page in pages] == list(range(1, len(pages) + 1))
    assert len({issue["key"] for issue in issues}) == len(issues) > 1000
    assert not {"author", "assignee"} & {name for issue in issues for name in issue}
    assert all(("closeDate" in issue) == (issue["status"] == "CLOSED") for issue in issues)


def test_every_service_has_a_team_and_every_copy_its_own_numbers(tmp_path: Path, folder: Path) -> None:
    ruled = {
        rule.team: rule.when.project
        for rule in load_portfolio(folder).membership
        if "quality" in (rule.when.source or ())
    }
    assert {team: list(projects or ()) for team, projects in ruled.items()} == {
        team: [service] for team, service in scenario.SERVICES.items()
    }
    small = read_log(prepare_example(tmp_path / "small", items=150), "changes")
    assert 10 < len(small) < 150
    assert len({row["change"] for row in small}) == len(small)
