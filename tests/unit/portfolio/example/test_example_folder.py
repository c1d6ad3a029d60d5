"""The example's folder: whole or not there, the same bytes every time, and a portfolio.yaml that fits its exports."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orchestration.portfolio import example, load_portfolio
from orchestration.portfolio.example import prepare_example, scenario
from orchestration.portfolio.example.jira_vocabulary import INSTANCES
from orchestration.portfolio.example.records import UNMAPPED
from orchestration.portfolio.register_tables import primary_rows


def sums(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_another_process_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    script = "import sys, pathlib, orchestration.portfolio.example as e; e.prepare_example(pathlib.Path(sys.argv[1]))"
    again = tmp_path / "again"
    subprocess.run(
        [sys.executable, "-c", script, str(again)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo"},
    )
    assert sums(again) == sums(folder)


def test_another_seed_writes_another_portfolio(folder: Path, tmp_path: Path) -> None:
    other = prepare_example(tmp_path / "other", items=200, seed=1)
    same = prepare_example(tmp_path / "same", items=200, seed=2)
    assert (
        sums(other)["exports/jira-main/issues-0001.ndjson.gz"] != sums(same)["exports/jira-main/issues-0001.ndjson.gz"]
    )
    assert sums(other)["portfolio.yaml"] == sums(folder)["portfolio.yaml"]


def test_a_complete_example_is_left_alone(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert prepare_example(folder) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_an_example_of_an_earlier_weir_is_left_alone_and_one_of_a_later_is_refused(tmp_path: Path) -> None:
    folder = prepare_example(tmp_path / "made", items=120)
    truth = folder / "truth.json"
    now = truth.read_text()
    truth.write_text(now.replace(f'"version": "{scenario.EXAMPLE_VERSION}"', '"version": "1"'))
    (folder / "portfolio.yaml").write_text("changed by hand")
    before = sums(folder)
    assert prepare_example(folder, items=120) == folder
    assert sums(folder) == before
    truth.write_text(now.replace(f'"version": "{scenario.EXAMPLE_VERSION}"', '"version": "999"'))
    with pytest.raises(FileExistsError, match="is not empty"):
        prepare_example(folder, items=120)


def test_a_folder_with_something_else_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="is not empty"):
        prepare_example(tmp_path)
    with pytest.raises(FileExistsError, match="is not empty"):
        prepare_example(folder, items=150)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_an_empty_folder_is_filled_and_bad_requests_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert (prepare_example(tmp_path / "empty", items=120) / "portfolio.yaml").is_file()
    with pytest.raises(ValueError, match="at least 100"):
        prepare_example(tmp_path / "few", items=99)
    with pytest.raises(ValueError, match="below zero"):
        prepare_example(tmp_path / "seed", items=120, seed=-1)


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(example, "_write_portfolio_file", fail)
    with pytest.raises(RuntimeError, match="disk on fire"):
        prepare_example(tmp_path / "made", items=120)
    assert list(tmp_path.iterdir()) == []


def test_several_copies_add_up_to_the_number_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_exports: Any
) -> None:
    monkeypatch.setattr(example, "COPY_ITEMS", 400)
    made = read_exports(prepare_example(tmp_path / "made", items=1000))
    assert len(made.issues) == 1000
    assert made.truth["copies"] == 3
    assert len({issue["key"] for issue in made.issues}) == 1000
    identities = Counter((source, issue["id"]) for source, file, issue in made.records if "late" not in file)
    assert max(identities.values()) == 1
    limits = {stage.id: stage.wip_limit for stage in load_portfolio(tmp_path / "made").workflows[0].stages}
    assert limits["build"] == 90
    for key in made.truth["flaws"]["completed_by_pages"]["keys"]:
        issue = next(issue for issue in made.issues if issue["key"] == key)
        assert len(made.histories[key]) == issue["changelog"]["total"] > 100


def test_the_portfolio_file_describes_what_was_simulated(folder: Path) -> None:
    portfolio = load_portfolio(folder)
    assert [
        (
            stream.id,
            stream.name,
            [(train.id, train.name, [(t.id, t.name) for t in train.teams]) for train in stream.trains],
        )
        for stream in portfolio.value_streams
    ] == [
        (
            stream.id,
            stream.name,
            [(train.id, train.name, [(t.id, t.name) for t in train.teams]) for train in stream.trains],
        )
        for stream in scenario.VALUE_STREAMS
    ]
    assert portfolio.portfolio.timezone == scenario.TIMEZONE.key
    calendar = portfolio.calendar
    assert (calendar.country, calendar.subdivision) == scenario.HOLIDAYS
    assert tuple((closed.first_day, closed.last_day) for closed in calendar.closed) == scenario.CLOSED
    assert calendar.day_start.hour == scenario.WORKDAY_STARTS
    assert calendar.day_end.hour - calendar.day_start.hour == scenario.WORKDAY_HOURS
    assert portfolio.increments[0].start == scenario.FIRST_DAY
    assert portfolio.increments[-1].end == scenario.LAST_DAY
    assert all(after.start == before.end + timedelta(days=1) for before, after in pairwise(portfolio.increments))


def test_the_register_names_the_interventions_that_were_simulated(folder: Path) -> None:
    registered = {row.intervention_id: row for row in primary_rows(load_portfolio(folder).interventions)}
    assert set(registered) == {intervention.id for intervention in scenario.INTERVENTIONS}
    for intervention in scenario.INTERVENTIONS:
        row = registered[intervention.id]
        assert (row.launched_on, row.metric, row.train) == (
            intervention.launched_on,
            intervention.metric,
            intervention.train,
        )
        if row.value_stream is not None:
            assert row.value_stream == intervention.value_stream


def test_the_registers_tell_of_the_people_who_were_simulated(folder: Path) -> None:
    capacity = load_portfolio(folder).capacity
    newest = {
        (entry.team, entry.role): entry.headcount * (1 - entry.absence_share)
        for entry in sorted(capacity, key=lambda entry: entry.valid_from)
    }
    for stream in scenario.VALUE_STREAMS:
        for team in stream.teams:
            assert newest[team.id, "developer"] == pytest.approx(team.developers, abs=0.01)
        reviewers = sum(newest[team.id, "reviewer"] for team in stream.teams)
        assert reviewers == pytest.approx(stream.reviewers, abs=0.05)
    reviewing = {
        entry.valid_from: entry.headcount * (1 - entry.absence_share)
        for entry in capacity
        if (entry.team, entry.role) == ("collections", "reviewer")
    }
    assert reviewing == {
        scenario.FIRST_DAY: pytest.approx(2 / 3, abs=0.01),
        scenario.INTERVENTIONS[0].launched_on: pytest.approx(5 / 3, abs=0.01),
    }


def test_objectives_and_outcomes_cover_what_was_simulated(folder: Path) -> None:
    portfolio = load_portfolio(folder)
    teams = {team.id for stream in scenario.VALUE_STREAMS for team in stream.teams}
    assert {(entry.increment, entry.team) for entry in portfolio.objectives} == {
        (increment.id, team) for increment in portfolio.increments for team in teams
    }
    unrated = {entry.increment for entry in portfolio.objectives if entry.actual_business_value is None}
    assert unrated == {portfolio.increments[-1].id}
    weeks = Counter((entry.value_stream, entry.outcome) for entry in portfolio.outcomes)
    assert set(weeks.values()) == {((scenario.LAST_DAY - scenario.FIRST_DAY).days + 1) // 7}

    def satisfaction(stream: str, *, is_late: bool) -> float:
        launched = scenario.INTERVENTIONS[0].launched_on
        values = [
            entry.value
            for entry in portfolio.outcomes
            if (entry.value_stream, entry.outcome, entry.week >= launched) == (stream, "satisfaction", is_late)
        ]
        return sum(values) / len(values)

    assert satisfaction("lending", is_late=True) - satisfaction("lending", is_late=False) > 0.4
    assert abs(satisfaction("payments", is_late=True) - satisfaction("payments", is_late=False)) < 0.15


def test_an_example_without_a_register_gets_it_and_one_that_is_kept_stays(tmp_path: Path) -> None:
    folder = prepare_example(tmp_path / "made", items=120)
    registers = folder / "registers"
    before = sums(folder)
    (registers / "outcomes.csv").unlink()
    (registers / "capacity.csv").rename(registers / "capacity.xlsx")

    prepare_example(folder, items=120)

    assert sums(folder)["registers/outcomes.csv"] == before["registers/outcomes.csv"]
    assert not (registers / "capacity.csv").exists()


def test_every_status_is_mapped_but_the_planted_ones(folder: Path, exports: Any) -> None:
    mapped = {
        status.status
        for workflow in load_portfolio(folder).workflows
        for status in [*(s for stage in workflow.stages for s in stage.statuses), *workflow.cancelled.statuses]
    }
    seen = {
        name
        for issue in exports.issues
        for _, item in exports.changes(issue, "status")
        for name in (item["fromString"], item["toString"])
    } | {issue["fields"]["status"]["name"] for issue in exports.issues}
    assert seen - mapped == {instance.names[UNMAPPED] for instance in INSTANCES.values()}


def test_the_mapped_custom_fields_are_the_exported_ones(folder: Path) -> None:
    for source, fields in load_portfolio(folder).fields.items():
        given = {role: field for role, field in fields.model_dump().items() if field is not None}
        assert given == {role: field for role, field in INSTANCES[source].fields.items() if role != "rank"}


def test_the_example_is_as_large_as_it_says(exports: Any, folder: Path) -> None:
    truth = exports.truth
    assert 6000 <= len(exports.issues) == truth["issues"]["total"] <= 8000
    assert truth["files"]["issues"] == Counter(
        "jira-lending" if exports.project(issue) in {"LOAN", "COLL"} else "jira-main" for issue in exports.issues
    )
    with (folder / "registers" / "interventions.csv").open(encoding="utf-8", newline="") as register:
        assert len({row["intervention_id"] for row in csv.DictReader(register)}) == 3
    page = (folder / "TRUTH.md").read_text(encoding="utf-8")
    assert f"{truth['issues']['total']:,} issues" in page
    assert all(key in page for key in truth["interventions"])
