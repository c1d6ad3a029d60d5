"""Apache DevLake's recorded GitLab exports, through the whole pipeline, against what DevLake extracted from them.

Expected: lead time of 16/16 issues (four are open and have none), 18/18 merge requests with 34/34 of their commits and
26/26 notes, 75/75 jobs, 29/29 pipelines from a list and 16/16 in detail, 8/8 deployments.

The recording holds no events: nothing but its closing is known of an issue's history, and Weir says so.
"""

import json
from collections.abc import Callable
from math import floor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.external.conftest import moment_of, read_table, refreshed, rows_of, write_lines

pytestmark = pytest.mark.external

STAGES = """
      - {id: open, name: Open, kind: active, commitment: true, statuses: [open]}
      - {id: closed, name: Closed, kind: done, statuses: [closed]}
"""
# DevLake counts a cancelled deployment as failed; Weir as cancelled. It drops the result of what has not ended.
DEPLOYMENT_RESULTS = {
    "success": ("SUCCESS", "success"),
    "completed": ("SUCCESS", "success"),
    "failed": ("FAILURE", "failure"),
    "canceled": ("FAILURE", "cancelled"),
    "created": ("", "running"),
    "running": ("", "running"),
    "blocked": ("", "other"),
    "undeployed": ("", "other"),
}
# Whole pages, one record a line, one document a file: as they are saved by hand or by a pull.
PAGES = {"issues": "issues", "merge_requests": "merge_requests", "job": "jobs", "pipeline": "pipelines"}


def _answers(raw: Path, name: str) -> list[tuple[dict[str, Any], str]]:
    """Return the records of one recording with the address each was asked under."""
    return [(json.loads(row["data"]), row["url"]) for row in read_table(raw / f"_raw_gitlab_api_{name}.csv")]


@pytest.fixture(scope="module")
def warehouse(
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    write_portfolio: Callable[[Path, dict[str, str], dict[str, str]], None],
) -> duckdb.DuckDBPyConnection:
    raw = shared_data / "devlake" / "gitlab" / "raw_tables"
    folder = tmp_path_factory.mktemp("devlake_gitlab")
    write_portfolio(folder, {"gitlab": STAGES, "commits": STAGES}, {})
    portfolio = folder / "portfolio.yaml"
    portfolio.write_text(portfolio.read_text(encoding="utf-8").replace("tool: jira", "tool: gitlab"), encoding="utf-8")
    exports = folder / "exports" / "gitlab"
    exports.mkdir(parents=True)
    for name, entity in PAGES.items():
        records = [record for record, _ in _answers(raw, name)]
        (exports / f"{entity}.json").write_text(json.dumps(records), encoding="utf-8")
    write_lines(exports / "deployments.ndjson", (record for record, _ in _answers(raw, "deployments")))
    write_lines(exports / "notes.ndjson", (record for record, _ in _answers(raw, "merge_request_notes")))
    # Commits were recorded with merge requests of their own.
    recorded = [record for record, _ in _answers(raw, "merge_requests_for_mr_commit_test")]
    write_lines(folder / "exports" / "commits" / "merge_requests.ndjson", recorded)
    write_lines(
        folder / "exports" / "commits" / "commits.ndjson",
        ({**record, "_request": address} for record, address in _answers(raw, "merge_request_commits")),
    )
    for record, _ in _answers(raw, "pipeline_details"):
        (exports / f"pipeline-{record['id']}.json").write_text(json.dumps(record, indent=2), encoding="utf-8")
    return duckdb.connect(str(refreshed(folder)), read_only=True)


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> Callable[[str], list[dict[str, str]]]:
    return lambda name: read_table(shared_data / "devlake" / "gitlab" / "snapshot_tables" / f"{name}.csv")


def test_nothing_is_left_out(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows_of(warehouse, "select export_file, reason from quality.quarantined_records") == []


def test_every_issue_with_its_lead_time(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
) -> None:
    # DevLake's lead time is creation to closing, in whole minutes; an open issue has none.
    answers = {
        row["gitlab_id"]: (
            row["title"],
            "closed" if row["state"] == "closed" else "open",
            moment_of(row["gitlab_created_at"]),
            moment_of(row["closed_at"]),
            int(row["lead_time_minutes"]) if row["lead_time_minutes"] else None,
        )
        for row in expected("_tool_gitlab_issues")
    }
    ours = {
        issue: (title, status, created, resolved, None if days is None else floor(days * 24 * 60 + 1e-6))
        for issue, title, status, created, resolved, days in rows_of(
            warehouse,
            "select facts.native_id, facts.title, items.status_name, facts.created_at, items.resolved_at,"
            " facts.lead_time_elapsed_days"
            " from flow.fct_work_items as facts"
            " inner join intermediate.int_items_unioned as items using (work_item_id)",
        )
    }
    assert len(answers) == 16
    assert ours == answers


def test_an_export_without_events_says_that_it_has_no_history(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows_of(warehouse, "select distinct has_changelog from intermediate.int_items_unioned") == [(False,)]
    assert rows_of(warehouse, "select count(*) from intermediate.int_gitlab_changes_identified") == [(0,)]


def test_every_merge_request(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
) -> None:
    answers = {
        row["id"].split(":")[-1]: (
            row["pull_request_key"],
            row["status"].lower(),
            row["title"],
            moment_of(row["created_date"]),
            moment_of(row["merged_date"]),
            moment_of(row["closed_date"]),
            # DevLake fills in the newest commit of one that was not merged.
            row["merge_commit_sha"],
            row["head_ref"],
            row["base_ref"],
        )
        for row in expected("pull_requests")
    }
    ours = {
        native: (key.rpartition("!")[2], *rest)
        for native, key, *rest in rows_of(
            warehouse,
            "select native_id, pull_request_key, state, title, opened_at, merged_at, closed_at,"
            " case when state = 'merged' then merge_commit_sha else head_commit_sha end, source_branch, target_branch"
            " from intermediate.int_pull_requests_unioned where source_id = 'gitlab'",
        )
    }
    assert len(answers) == 18
    assert ours == answers


def test_every_commit_of_a_merge_request(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
) -> None:
    answers = {(row["commit_sha"], row["pull_request_id"].split(":")[-1]) for row in expected("pull_request_commits")}
    ours = {
        (sha, pull_request.split(":")[-1])
        for sha, pull_request in rows_of(
            warehouse,
            "select commit_sha, pull_request_id from intermediate.int_commits_unioned"
            " where source_id = 'commits' and pull_request_id is not null",
        )
    }
    assert len(answers) == 34
    assert ours == answers


def test_every_note_on_a_merge_request(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
) -> None:
    answers = {
        row["gitlab_id"]: (
            row["merge_request_id"],
            row["is_system"] == "1",
            row["resolvable"] == "1",
            moment_of(row["gitlab_created_at"]),
            "approved"
            if row["body"] == "approved this merge request"
            else "unapproved"
            if row["body"] == "unapproved this merge request"
            else None,
        )
        for row in expected("_tool_gitlab_mr_notes")
    }
    ours = {
        note: tuple(rest)
        for note, *rest in rows_of(
            warehouse,
            "select note_id, noteable_id, is_system, is_resolvable, created, action from raw_gitlab.notes"
            " where noteable_type = 'MergeRequest'",
        )
    }
    assert len(answers) == 26
    assert ours == answers


def test_every_job(warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]) -> None:
    answers = {
        row["gitlab_id"]: (
            row["pipeline_id"],
            row["status"],
            row["stage"],
            row["name"],
            row["ref"],
            moment_of(row["gitlab_created_at"]),
            moment_of(row["started_at"]),
            moment_of(row["finished_at"]),
        )
        for row in expected("_tool_gitlab_jobs")
    }
    ours = {
        job: tuple(rest)
        for job, *rest in rows_of(
            warehouse,
            "select job_id, pipeline_id, status, job_stage, job_name, ref, created_at, started_at, finished_at"
            " from staging.stg_gitlab__jobs",
        )
    }
    assert len(answers) == 75
    assert ours == answers


def test_every_pipeline_in_detail(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
) -> None:
    answers = {
        row["id"].split(":")[-1]: (
            row["result"].lower(),
            moment_of(row["created_date"]),
            moment_of(row["started_date"]),
            moment_of(row["finished_date"]),
            row["url"],
        )
        for row in expected("cicd_pipelines")
    }
    ours = {
        build: tuple(rest)
        for build, *rest in rows_of(
            warehouse,
            "select native_id, result, queued_at, started_at, finished_at, web_url"
            " from intermediate.int_builds_unioned",
        )
    }
    assert len(answers) == 16
    assert {build: ours.get(build) for build in answers} == answers


def test_every_pipeline_of_a_list(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
) -> None:
    answers = {row["pipeline_id"]: (row["sha"], row["ref"]) for row in expected("_tool_gitlab_pipeline_projects")}
    ours = {
        build: tuple(rest)
        for build, *rest in rows_of(
            warehouse, "select native_id, commit_sha, branch from intermediate.int_builds_unioned"
        )
    }
    assert len(answers) == 29
    assert {build: ours.get(build) for build in answers} == answers


def test_every_deployment(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
) -> None:
    answers = {
        row["id"].split(":")[-1]: (
            row["result"],
            row["original_environment"],
            moment_of(row["started_date"]),
            moment_of(row["finished_date"]),
        )
        for row in expected("cicd_deployments")
    }
    ours = {
        deployment: (status, result, environment, started, finished)
        for deployment, status, result, environment, started, finished in rows_of(
            warehouse,
            "select native_id, raw_result, result, environment_name, started_at, finished_at"
            " from intermediate.int_deployments_unioned",
        )
    }
    assert len(answers) == 8
    assert {native: (DEPLOYMENT_RESULTS[row[0]][0], *row[2:]) for native, row in ours.items()} == answers
    assert all(result == DEPLOYMENT_RESULTS[status][1] for status, result, *_ in ours.values())
