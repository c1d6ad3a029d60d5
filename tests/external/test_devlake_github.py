"""Apache DevLake's recorded GitHub exports, through the whole pipeline, against what DevLake extracted from them.

Expected: lead time of 26/26 issues (by closing date, and by the statuses), 49/49 pull requests by number, moments,
title, branches and commits, 49/49 events, 30/30 reviews, 90/90 commits, 35/35 runs and jobs, 35/35 pipelines.
"""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.external.conftest import read_table, refreshed, rows_of, write_lines

pytestmark = pytest.mark.external

STAGES = """
      - {id: open, name: Open, kind: active, commitment: true, statuses: [open]}
      - {id: closed, name: Closed, kind: done, statuses: [closed]}
"""
# `params` marks rows that DevLake keeps out of scope on purpose; one is not even JSON.
IN_SCOPE = '{"ConnectionId":1,"Name":"panjf2000/ants"}'
# DevLake calls a cancelled run failed; Weir keeps it apart. It has no word for runs that judged nothing or still run.
RESULTS = {
    "success": {"SUCCESS"},
    "failure": {"FAILURE"},
    "cancelled": {"FAILURE", ""},
    "running": {""},
    "other": {""},
}


def _records(file: Path) -> list[Any]:
    return [json.loads(row["data"]) for row in read_table(file) if row["params"] == IN_SCOPE]


@pytest.fixture(scope="module")
def warehouse(
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    write_portfolio: Callable[[Path, dict[str, str], dict[str, str]], None],
) -> duckdb.DuckDBPyConnection:
    raw = shared_data / "devlake" / "github" / "raw_tables"
    folder = tmp_path_factory.mktemp("devlake_github")
    write_portfolio(folder, {"github": STAGES}, {})
    portfolio = folder / "portfolio.yaml"
    portfolio.write_text(portfolio.read_text(encoding="utf-8").replace("tool: jira", "tool: github"), encoding="utf-8")
    exports = folder / "exports" / "github"
    # Every way in which answers are saved: arrays, one record a line, an object with a list, with their request.
    exports.mkdir(parents=True)
    for name in ("issues", "pull_requests"):
        (exports / f"{name}.json").write_text(
            json.dumps(_records(raw / f"_raw_github_api_{name}.csv")), encoding="utf-8"
        )
    for name in ("events", "jobs", "milestones", "pull_request_reviews"):
        write_lines(exports / f"{name}.ndjson", _records(raw / f"_raw_github_api_{name}.csv"))
    runs = _records(raw / "_raw_github_api_runs.csv")
    (exports / "runs.json").write_text(
        json.dumps({"total_count": len(runs), "workflow_runs": runs}, indent=2), encoding="utf-8"
    )
    write_lines(
        exports / "commits.ndjson",
        (
            {"url": row["url"], "values": [json.loads(row["data"])]}
            for row in read_table(raw / "_raw_github_api_pull_request_commits.csv")
            if row["params"] == IN_SCOPE
        ),
    )
    return duckdb.connect(str(refreshed(folder)), read_only=True)


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> Callable[[str], list[dict[str, str]]]:
    return lambda name: read_table(shared_data / "devlake" / "github" / "snapshot_tables" / f"_tool_github_{name}.csv")


def _moment(text: str) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


def test_nothing_is_refused(warehouse: duckdb.DuckDBPyConnection):
    assert rows_of(warehouse, "select export_file, reason from quality.quarantined_records") == []
    assert rows_of(warehouse, "select sum(n_records) from quality.export_files") == [(330,)]


def test_lead_time_of_every_issue(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
):
    """In whole minutes from creation to closing: by the tool's closing date, and by Weir's own reading of the statuses.

    The recording holds the events of few issues; the others were closed at their closing date.
    """
    answers = {
        row["github_id"]: int(row["lead_time_minutes"]) if row["lead_time_minutes"] else None
        for row in expected("issues")
    }
    by_date = "floor((epoch_us(resolved_at) - epoch_us(created_at)) / 60e6)::bigint"
    by_status = "floor(lead_time_elapsed_days * 24 * 60)::bigint"
    for measured in (by_date, by_status):
        ours = dict(rows_of(warehouse, f"select native_id, {measured} from flow.fct_work_items"))
        assert len(answers) == 26
        assert ours == answers


def test_every_issue_as_it_stands(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
):
    answers = {
        (row["github_id"], row["number"], row["state"], row["milestone_id"], _moment(row["github_updated_at"]))
        for row in expected("issues")
    }
    ours = set(
        rows_of(
            warehouse,
            "select native_id, split_part(item_key, '#', 2), status_name, coalesce(iteration_ref, '0'),"
            " epoch(updated_at) from intermediate.int_github_items_described",
        )
    )
    assert ours == answers
    labels = sorted((row["issue_id"], row["label_name"]) for row in expected("issue_labels"))
    assert labels == rows_of(
        warehouse,
        "select native_id, unnest(string_split(labels, chr(10))) from intermediate.int_github_items_described"
        " order by all",
    )


def test_every_pull_request(warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]):
    answers = {
        (
            row["github_id"], row["number"], _moment(row["github_created_at"]), _moment(row["merged_at"]),
            _moment(row["closed_at"]), row["title"], row["head_ref"], row["base_ref"], row["head_commit_sha"],
            row["merge_commit_sha"], row["is_draft"] == "1",
        )
        for row in expected("pull_requests")
    }  # fmt: skip
    ours = set(
        rows_of(
            warehouse,
            "select native_id, split_part(pull_request_key, '#', 2), epoch(opened_at), epoch(merged_at),"
            " epoch(closed_at), title, source_branch, target_branch, head_commit_sha, merge_commit_sha, is_draft"
            " from intermediate.int_github_pull_requests_described",
        )
    )
    assert len(answers) == 49
    assert ours == answers
    # GitHub calls a merged pull request closed; Weir does not.
    states = dict(rows_of(warehouse, "select native_id, state from intermediate.int_github_pull_requests_described"))
    assert states == {
        row["github_id"]: "merged" if row["merged_at"] else row["state"] for row in expected("pull_requests")
    }


def test_every_event(warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]):
    answers = {
        row["github_id"]: (row["issue_id"], row["type"], _moment(row["github_created_at"]))
        for row in expected("issue_events")
    }
    ours = rows_of(
        warehouse,
        "select events.event_key, issues.native_id, events.event, epoch(events.created_at)"
        " from staging.stg_github__issue_events as events"
        " left join staging.stg_github__issues as issues using (source_id, repository, number)",
    )
    assert len(ours) == len(answers) == 49
    assert {event: told for event, _, *told in ours} == {event: list(told) for event, (_, *told) in answers.items()}
    # Most of the issues that the events belong to were not recorded.
    assert {event: issue for event, issue, *_ in ours if issue}.items() <= {
        event: issue for event, (issue, *_) in answers.items()
    }.items()


def test_every_review_and_commit(warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]):
    reviews = {
        (row["github_id"], row["pull_request_id"], row["state"].lower(), _moment(row["github_submit_at"]))
        for row in expected("pull_request_reviews")
    }
    assert len(reviews) == 30
    assert reviews == set(
        rows_of(
            warehouse,
            "select review_id, native_id, reviews.state, epoch(submitted_at)"
            " from staging.stg_github__reviews as reviews"
            " inner join staging.stg_github__pull_requests using (source_id, repository, number)",
        )
    )
    commits = {(row["commit_sha"], row["pull_request_id"]) for row in expected("pull_request_commits")}
    assert len(commits) == 90
    assert commits == set(
        rows_of(
            warehouse,
            "select commit_sha, split_part(pull_request_id, ':', 2) from intermediate.int_github_commits_described",
        )
    )


def test_the_issue_that_a_pull_request_closes(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
):
    answers = [(row["pull_request_id"], row["issue_id"]) for row in expected("pull_request_issues")]
    assert len(answers) == 1
    assert answers == rows_of(
        warehouse,
        "select pull_requests.native_id, items.native_id from staging.stg_github__pull_requests as pull_requests"
        " inner join intermediate.int_github_items_described as items"
        " on list_contains(string_split(pull_requests.closing_refs, chr(10)), items.item_key)",
    )


def test_every_run_and_job(warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]):
    runs = {
        (
            row["id"], row["run_attempt"], row["status"].lower(), row["conclusion"].lower(), row["head_sha"],
            row["head_branch"], row["name"], _moment(row["github_created_at"]), _moment(row["run_started_at"]),
            _moment(row["github_updated_at"]),
        )
        for row in expected("runs")
    }  # fmt: skip
    assert len(runs) == 35
    assert runs == set(
        rows_of(
            warehouse,
            "select run_id, run_attempt::varchar, status, coalesce(conclusion, ''), commit_sha, branch, workflow_name,"
            " epoch(created_at), epoch(run_started_at), epoch(updated_at) from staging.stg_github__workflow_runs",
        )
    )
    jobs = {
        (
            row["id"], row["run_id"], row["status"].lower(), row["conclusion"].lower(), row["name"],
            _moment(row["started_at"]), _moment(row["completed_at"]),
        )
        for row in expected("jobs")
    }  # fmt: skip
    assert len(jobs) == 35
    assert jobs == set(
        rows_of(
            warehouse,
            "select job_id, run_id, status, coalesce(conclusion, ''), job_name, epoch(started_at), epoch(completed_at)"
            " from staging.stg_github__workflow_jobs",
        )
    )


def test_every_pipeline(warehouse: duckdb.DuckDBPyConnection, shared_data: Path):
    """Start, result and, where a run has ended, its finish; of a running one DevLake takes the last update for it."""
    file = shared_data / "devlake" / "github" / "snapshot_tables" / "cicd_pipelines.csv"
    answers = {row["id"].rpartition(":")[2]: row for row in read_table(file)}
    ours = rows_of(
        warehouse,
        "select split_part(native_id, '/', 1), result, epoch(started_at), epoch(finished_at)"
        " from intermediate.int_github_builds_described",
    )
    assert len(ours) == len(answers) == 35
    for run, result, started, finished in ours:
        answer = answers[run]
        assert answer["result"] in RESULTS[result], run
        assert (started is None and result == "running") or started == _moment(answer["started_date"]), run
        assert finished == (None if result == "running" else _moment(answer["finished_date"])), run
    assert sum(result == "success" for _, result, *_ in ours) == 18
