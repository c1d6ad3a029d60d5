"""Apache DevLake's recorded answers of Azure Pipelines and Repos, through the whole pipeline, against its own tables.

Expected: 7/7 builds, 5/5 records of timelines, 1/1 pull request with 1/1 commit. Dates of the tool have seven decimals,
DevLake keeps three: equal to within a millisecond.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.external.conftest import read_table, refreshed, write_lines

pytestmark = pytest.mark.external

STAGES = """
      - {id: new, name: New, kind: queue, statuses: [New]}
      - {id: active, name: Active, kind: active, commitment: true, statuses: [Active]}
      - {id: closed, name: Closed, kind: done, statuses: [Closed]}
"""
# DevLake counts a cancelled build as failed; Weir as cancelled.
RESULTS = {("SUCCESS", "succeeded"): "success", ("FAILURE", "canceled"): "cancelled", ("", ""): "running"}


@pytest.fixture(scope="module")
def warehouse(
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    write_portfolio: Callable[[Path, dict[str, str], dict[str, str]], None],
) -> duckdb.DuckDBPyConnection:
    raw = shared_data / "devlake" / "azuredevops_go" / "raw_tables"
    folder = tmp_path_factory.mktemp("devlake_azure")
    write_portfolio(folder, {"azure": STAGES}, {})
    portfolio = folder / "portfolio.yaml"
    portfolio.write_text(
        portfolio.read_text(encoding="utf-8").replace("tool: jira", "tool: azure_devops"), encoding="utf-8"
    )
    exports = folder / "exports" / "azure"

    def answers(name: str) -> list[tuple[dict[str, Any], str]]:
        rows = read_table(raw / f"_raw_azuredevops_go_api_{name}.csv")
        return [(json.loads(row["data"]), row["input"]) for row in rows]

    builds = [record for record, _ in answers("builds")]
    exports.mkdir(parents=True)
    (exports / "builds.json").write_text(json.dumps({"count": len(builds), "value": builds}), encoding="utf-8")
    write_lines(exports / "pull-requests.ndjson", (record for record, _ in answers("pull_requests")))
    for record, asked in answers("pull_request_commits"):
        number = json.loads(asked)["AzuredevopsId"]
        write_lines(exports / "pullRequests" / str(number) / "commits.ndjson", [record])
    timelines: dict[str, list[dict[str, Any]]] = {}
    for record, asked in answers("timeline_records"):
        timelines.setdefault(str(json.loads(asked)["AzuredevopsId"]), []).append(record)
    for build, records in timelines.items():
        (exports / f"build-{build}-timeline.json").write_text(json.dumps({"records": records}), encoding="utf-8")
    # The recording holds no work items, and without any the gate publishes nothing: flow metrics would be empty.
    item = {
        "System.TeamProject": "made-up",
        "System.WorkItemType": "User Story",
        "System.State": "Active",
        "System.CreatedDate": "2023-03-01T08:00:00Z",
        "System.ChangedDate": "2023-03-01T08:00:00Z",
        "System.Title": "Made up",
    }
    write_lines(exports / "work-items.ndjson", [{"id": 1, "rev": 1, "fields": item}])
    return duckdb.connect(str(refreshed(folder)), read_only=True)


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> Callable[[str], list[dict[str, str]]]:
    return lambda name: read_table(shared_data / "devlake" / "azuredevops_go" / "snapshot_tables" / f"{name}.csv")


def _assert_same_moments(ours: tuple[datetime | None, ...], texts: tuple[str, ...]) -> None:
    for moment, text in zip(ours, texts, strict=True):
        if not text:
            assert moment is None
        else:
            assert moment is not None
            assert abs(moment - datetime.fromisoformat(text)) <= timedelta(milliseconds=1)


def test_every_build(warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]) -> None:
    results = {
        row["id"].split(":")[-1]: RESULTS[(row["result"], row["original_result"])] for row in expected("cicd_pipelines")
    }
    ours = {
        row[0]: row[1:]
        for row in warehouse.execute(
            "select native_id, queued_at, started_at, finished_at, pipeline_name, branch, commit_sha, result"
            " from staging.stg_azure_devops__builds"
        ).fetchall()
    }
    builds = expected("_tool_azuredevops_go_builds")
    assert len(builds) == 7
    assert ours.keys() == {row["azuredevops_id"] for row in builds}
    for row in builds:
        build = ours[row["azuredevops_id"]]
        _assert_same_moments(build[:3], (row["queue_time"], row["start_time"], row["finish_time"]))
        assert build[3:] == (
            row["name"],
            row["source_branch"].removeprefix("refs/heads/"),
            row["source_version"],
            results[row["azuredevops_id"]],
        )


def test_every_record_of_the_timelines(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
) -> None:
    ours = {
        (build, record): rest
        for build, record, *rest in warehouse.execute(
            "select split_part(build_id, ':', 2), record_id, started_at, finished_at, record_name, raw_result"
            " from staging.stg_azure_devops__timeline_records"
        ).fetchall()
    }
    answers = {(row["build_id"], row["record_id"]): row for row in expected("_tool_azuredevops_go_timeline_records")}
    assert len(answers) == 5
    assert ours.keys() == answers.keys()
    for key, (started, finished, name, raw_result) in ours.items():
        row = answers[key]
        _assert_same_moments((started, finished), (row["start_time"], row["finish_time"]))
        assert (name, raw_result) == (row["name"], row["result"] or row["state"])


def test_every_pull_request_with_its_commits(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
) -> None:
    rows = expected("pull_requests")
    commits = expected("_tool_azuredevops_go_pull_request_commits")
    ours = warehouse.execute(
        "select native_id, opened_at, closed_at, merged_at, title, state, source_branch, target_branch,"
        " head_commit_sha, merge_commit_sha, is_draft, n_commits, first_commit_at"
        " from intermediate.int_azure_devops_pull_requests_described"
    ).fetchall()
    assert len(ours) == len(rows) == len(commits) == 1
    (request,), (row,), (commit,) = ours, rows, commits
    _assert_same_moments(request[1:4], (row["created_date"], row["closed_date"], row["merged_date"]))
    _assert_same_moments(request[12:], (commit["author_date"],))
    assert (request[0], *request[4:12]) == (
        row["pull_request_key"],
        row["title"],
        row["status"].lower(),
        row["head_ref"].removeprefix("refs/heads/"),
        row["base_ref"].removeprefix("refs/heads/"),
        row["head_commit_sha"],
        row["merge_commit_sha"],
        row["is_draft"] != "0",
        len(commits),
    )
    assert warehouse.execute(
        "select pull_request_id, commit_sha from intermediate.int_azure_devops_commits_identified"
    ).fetchall() == [(f"azure:{commit['pull_request_id']}", commit["commit_sha"])]
