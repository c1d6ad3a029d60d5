"""Apache DevLake's recorded delivery tools and SonarQube histories, through the whole pipeline, against its answers.

Expected: 13/13 builds of Jenkins and 15/15 of a multibranch job, 6/6 issues and 5/5 hotspots of SonarQube, 3/3
incidents of PagerDuty, DORA's change lead time 6/6, incidents after the deployment they followed 6/6, and 9/9 points
of a SonarQube history. DevLake's tables of deployments, changes and incidents arrive as any tool's do: as CSV, its
mapping of repositories and scopes to projects applied as a person would who exports them.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.external.conftest import moment_of, read_table, refreshed, rows_of, write_lines

pytestmark = pytest.mark.external

PORTFOLIO = """
portfolio: {id: delivery, name: Delivery, timezone: UTC, currency: EUR}
calendar: {country: US, working_days: [mon, tue, wed, thu, fri], hours: ["09:00", "17:00"]}
value_streams:
  - id: outside
    name: Outside
    trains:
      - {id: art, name: ART, teams: [{id: team, name: Team}, {id: builders, name: Builders}]}
sources:
  - {id: items, tool: jira, exports: exports/items}
  - {id: ci, tool: jenkins, exports: exports/ci}
  - {id: branches, tool: jenkins, exports: exports/branches}
  - {id: code, tool: sonarqube, exports: exports/code}
  - {id: calls, tool: pagerduty, exports: exports/calls}
  - id: dora
    tool: delivery_log
    exports: exports/dora
    environments: {production: [PRODUCTION]}
    format: {columns: {deployment: id, environment: stage, finished: ended}}
  - {id: outages, tool: delivery_log, exports: exports/outages, environments: {production: [PRODUCTION]}}
workflows:
  - id: delivery
    applies_to: {sources: [items]}
    stages:
      - {id: open, name: Open, kind: active, commitment: true, statuses: [Open]}
      - {id: closed, name: Closed, kind: done, statuses: [Closed]}
membership:
  - {team: team, when: {source: items}}
  - {team: builders, when: {source: branches}}
work_types:
  - {level: story, work_type: feature, when: {source: items}}
"""
# Ours, so that there is an item whose key a change can name.
ITEM = {
    "id": "1",
    "key": "DORA-7",
    "fields": {
        "created": "2023-04-01T09:00:00.000+0000",
        "updated": "2023-04-02T09:00:00.000+0000",
        "status": {"id": "1", "name": "Open", "statusCategory": {"key": "indeterminate"}},
        "issuetype": {"name": "Story", "subtask": False},
        "project": {"key": "DORA"},
    },
    "changelog": {"total": 0, "histories": []},
}


def _payloads(file: Path) -> list[dict[str, Any]]:
    return [json.loads(row["data"]) for row in read_table(file)]


def _iso(text: str) -> str:
    """Return one of the recording's dates (2023-4-11 4:51:47, or ISO 8601) as ISO 8601 in UTC."""
    if not text:
        return ""
    if "T" in text:
        return datetime.fromisoformat(text).isoformat()
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).isoformat()


def _write_csv(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    rows = list(rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _write_change_lead_times(dora: Path, exports: Path) -> None:
    """Flatten DevLake's tables to a list of deployments and a list of changes.

    A deployment brings the commits between it and the one before it; DevLake attributes none to a first deployment.
    The first review is the first comment of somebody else than the author.
    """
    differences = read_table(dora / "commits_diffs.csv")
    brought = {
        commit["commit_sha"]: " ".join(
            each["commit_sha"]
            for each in differences
            if each["new_commit_sha"] == commit["commit_sha"] and each["old_commit_sha"]
        )
        for commit in read_table(dora / "cicd_deployment_commits.csv")
    }
    _write_csv(
        exports / "deployments.csv",
        (
            {
                "id": row["id"],
                "project": row["repo_url"],
                "stage": row["environment"],
                "result": row["result"],
                "commit": row["commit_sha"],
                "commits": brought[row["commit_sha"]],
                "started": _iso(row["started_date"]),
                "ended": _iso(row["finished_date"]),
            }
            for row in read_table(dora / "cicd_deployment_commits.csv")
        ),
    )
    first_commits, first_reviews = {}, {}
    for row in read_table(dora / "pull_request_commits.csv"):
        written = _iso(row["commit_authored_date"])
        first_commits[row["pull_request_id"]] = min(first_commits.get(row["pull_request_id"], written), written)
    changes = read_table(dora / "pull_requests.csv")
    authors = {row["id"]: row["author_id"] for row in changes}
    for row in read_table(dora / "pull_request_comments.csv"):
        if row["account_id"] != authors[row["pull_request_id"]]:
            said = _iso(row["created_date"])
            first_reviews[row["pull_request_id"]] = min(first_reviews.get(row["pull_request_id"], said), said)
    _write_csv(
        exports / "changes.csv",
        (
            {
                "change": row["id"],
                "project": row["base_repo_id"],
                "title": "DORA-7: the first one, in UTF-8" if row["id"] == "pr1" else "another one",
                "opened": _iso(row["created_date"]),
                "merged": _iso(row["merged_date"]),
                "merge_commit": row["merge_commit_sha"],
                "first_commit": first_commits.get(row["id"], ""),
                "first_review": first_reviews.get(row["id"], ""),
            }
            for row in changes
        ),
    )


def _write_outages(recorded: Path, exports: Path) -> None:
    """Flatten DevLake's tables to deployments and incidents of projects, as its mapping names them."""
    mapping = {
        (row["table"], row["row_id"]): row["project_name"]
        for row in read_table(recorded / "raw_tables" / "project_mapping.csv")
    }
    deployments = read_table(recorded / "prev_success_deployment_commit" / "cicd_deployment_commits_after.csv")
    _write_csv(
        exports / "deployments.csv",
        (
            {
                "deployment": row["id"],
                "project": mapping[("cicd_scopes", row["cicd_scope_id"])],
                "environment": row["environment"],
                "result": row["result"],
                "ref": row["cicd_deployment_id"],
                "started": _iso(row["started_date"]),
                "finished": _iso(row["finished_date"]),
            }
            for row in deployments
        ),
    )
    _write_csv(
        exports / "incidents.csv",
        (
            {
                "incident": row["id"],
                "service": mapping.get((row["table"], row["scope_id"]), row["scope_id"]),
                "opened": _iso(row["created_date"]),
            }
            for row in read_table(recorded / "raw_tables" / "incidents.csv")
        ),
    )


@pytest.fixture(scope="module")
def warehouse(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    devlake = shared_data / "devlake"
    folder = tmp_path_factory.mktemp("devlake_delivery")
    exports = folder / "exports"
    (folder / "portfolio.yaml").write_text(PORTFOLIO, encoding="utf-8")
    write_lines(exports / "items" / "issues.ndjson", [ITEM])
    jenkins = devlake / "jenkins" / "raw_tables"
    write_lines(exports / "ci" / "builds.ndjson", _payloads(jenkins / "_raw_jenkins_api_builds.csv"))
    write_lines(exports / "ci" / "stages.ndjson", _payloads(jenkins / "_raw_jenkins_api_stages.csv"))
    page = {"_class": "job", "allBuilds": _payloads(jenkins / "_raw_jenkins_api_builds_multibranch.csv")}
    write_lines(exports / "branches" / "builds.json", [page])
    sonar = devlake / "sonarqube" / "raw_tables"
    write_lines(exports / "code" / "issues.json", [{"issues": _payloads(sonar / "_raw_sonarqube_api_issues.csv")}])
    hotspots = {"paging": {"total": 5}, "hotspots": _payloads(sonar / "_raw_sonarqube_api_hotspots.csv")}
    (exports / "code" / "hotspots.json").write_text(json.dumps(hotspots, indent=2), encoding="utf-8")
    for saved, recorded in {
        "search_history-shop%3Aweb.json": "sonar8_measures_history",
        "search_history-shop%3Aweb.2.json": "sonar8_measures_history_empty",
        "measures.json": "sonar8measures",
    }.items():
        text = (shared_data / "sonarqube_history" / f"{recorded}.json").read_text(encoding="utf-8")
        (exports / "code" / saved).write_text(text, encoding="utf-8")
    calls = _payloads(devlake / "pagerduty" / "raw_tables" / "_raw_pagerduty_incidents.csv")
    write_lines(exports / "calls" / "incidents.json", [{"incidents": calls, "limit": 25, "offset": 0, "more": False}])
    _write_change_lead_times(devlake / "dora" / "change_lead_time", exports / "dora")
    _write_outages(devlake / "dora" / "connect_incident_to_deployment", exports / "outages")
    return duckdb.connect(str(refreshed(folder)), read_only=True)


def _minutes(hours: float | None) -> int | None:
    """Return whole minutes, begun ones counted, as DevLake does; a NULL of either is none."""
    return None if hours is None else ceil(round(hours * 60, 6))


@pytest.mark.parametrize(
    ("source", "table", "by", "count"),
    [("ci", "_tool_jenkins_builds", "full_name", 13), ("branches", "_tool_jenkins_builds_multibranch", "job_name", 15)],
)
def test_every_build_of_jenkins(
    warehouse: duckdb.DuckDBPyConnection, shared_data: Path, source: str, table: str, by: str, count: int
) -> None:
    answers = {
        (row[by] if by == "full_name" else f"{row[by]}#{row['number']}"): (
            row["result"],
            int(row["timestamp"]),
            int(row["duration"]),
        )
        for row in read_table(shared_data / "devlake" / "jenkins" / "snapshot_tables" / f"{table}.csv")
    }
    # The display name of the multibranch job's folder is not its name; the branch is the job there.
    key = "native_id" if by == "full_name" else "pipeline_name || '#' || split_part(native_id, '#', 2)"
    ours = {
        name: (result, started, duration)
        for name, result, started, duration in rows_of(
            warehouse,
            f"select {key}, raw_result, epoch_ms(started_at), epoch_ms(finished_at) - epoch_ms(started_at)"
            f" from flow.fct_builds where source_id = '{source}'",
        )
    }
    assert len(answers) == count
    assert {name: ours.get(name) for name in answers} == answers


def test_stages_of_jenkins_are_no_builds_but_are_kept(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows_of(warehouse, "select count(*) from raw_jenkins.build_stages") == [(24,)]
    assert rows_of(warehouse, "select count(*) from flow.fct_builds where source_id = 'ci'") == [(14,)]


def test_every_issue_of_sonarqube(warehouse: duckdb.DuckDBPyConnection, shared_data: Path) -> None:
    severities = {"BLOCKER": "critical", "CRITICAL": "high", "MAJOR": "medium", "MINOR": "low", "INFO": "info"}
    answers = {
        row["issue_key"]: (
            row["rule"], severities[row["severity"]], row["component"], float(row["effort"]), "debt", "open",
            moment_of(row["creation_date"]),
        )
        for row in read_table(shared_data / "devlake" / "sonarqube" / "snapshot_tables" / "_tool_sonarqube_issues.csv")
    }  # fmt: skip
    ours = {
        key: values
        for key, *values in rows_of(
            warehouse,
            "select native_id, rule, severity, component, effort_minutes, finding_type, status, opened_at"
            " from flow.fct_quality_findings where finding_type = 'debt'",
        )
    }
    assert len(answers) == 6
    assert {key: tuple(values) for key, values in ours.items()} == answers
    assert 361.0 in {values[3] for values in answers.values()}


def test_every_hotspot_of_sonarqube(warehouse: duckdb.DuckDBPyConnection, shared_data: Path) -> None:
    table = shared_data / "devlake" / "sonarqube" / "snapshot_tables" / "_tool_sonarqube_hotspots.csv"
    answers = {
        row["hotspot_key"]: (
            row["security_category"],
            row["vulnerability_probability"].lower(),
            "closed" if row["status"] == "REVIEWED" else "open",
            moment_of(row["creation_date"]),
        )
        for row in read_table(table)
    }
    ours = {
        key: (rule, severity, status, opened)
        for key, rule, severity, status, opened in rows_of(
            warehouse,
            "select native_id, rule, severity, status, opened_at from flow.fct_quality_findings"
            " where finding_type = 'vulnerability'",
        )
    }
    assert len(answers) == 5
    assert ours == answers


def test_every_point_of_a_sonarqube_history(warehouse: duckdb.DuckDBPyConnection, shared_data: Path) -> None:
    history = json.loads((shared_data / "sonarqube_history" / "sonar8_measures_history.json").read_text("utf-8"))
    answers = sorted(
        ("shop:web", measure["metric"], datetime.fromisoformat(point["date"]), float(point["value"]))
        for measure in history["measures"]
        for point in measure["history"]
    )
    ours = rows_of(
        warehouse,
        "select project, metric, measured_at, value from flow.fct_quality_measures"
        " where project = 'shop:web' order by all",
    )
    assert len(answers) == 9
    assert ours == answers


def test_the_technical_debt_of_a_project_is_a_fact(warehouse: duckdb.DuckDBPyConnection, shared_data: Path) -> None:
    component = json.loads((shared_data / "sonarqube_history" / "sonar8measures.json").read_text("utf-8"))["component"]
    (debt,) = (float(each["value"]) for each in component["measures"] if each["metric"] == "sqale_index")
    ours = rows_of(
        warehouse,
        f"select value from flow.fct_quality_measures where metric = 'sqale_index' and project = '{component['key']}'",
    )
    assert ours == [(debt,)]


def test_every_incident_of_pagerduty(warehouse: duckdb.DuckDBPyConnection, shared_data: Path) -> None:
    states = {"TODO": "open", "IN_PROGRESS": "acknowledged", "DONE": "resolved"}
    answers = {
        f"#{row['id'].rpartition(':')[2]}": (
            row["urgency"],
            states[row["status"]],
            moment_of(row["created_date"]),
            moment_of(row["resolution_date"]),
            float(row["lead_time_minutes"]) if row["lead_time_minutes"] else None,
        )
        for row in read_table(shared_data / "devlake" / "pagerduty" / "snapshot_tables" / "issues.csv")
    }
    ours = {
        key: (urgency, status, opened, resolved, None if hours is None else float(int(hours * 60)))
        for key, urgency, status, opened, resolved, hours in rows_of(
            warehouse,
            "select incident_key, urgency, status, opened_at, resolved_at, time_to_restore_elapsed_hours"
            " from flow.fct_incidents where source_id = 'calls'",
        )
    }
    assert len(answers) == 3
    assert ours == answers


def test_every_change_lead_time(warehouse: duckdb.DuckDBPyConnection, shared_data: Path) -> None:
    """DevLake's cycle time runs to the deployment, to the merge where there is none after it."""
    table = shared_data / "devlake" / "dora" / "change_lead_time" / "project_pr_metrics.csv"
    steps = ("pr_coding_time", "pr_pickup_time", "pr_deploy_time", "pr_cycle_time")
    answers = {
        row["id"]: (
            *(int(row[step]) if row[step] else None for step in steps),
            row["deployment_commit_id"] or None,
            moment_of(row["pr_deployed_date"]),
        )
        for row in read_table(table)
    }
    ours = {
        change: (_minutes(coding), _minutes(pickup), _minutes(deploy), _minutes(whole), deployment, deployed)
        for change, coding, pickup, deploy, whole, deployment, deployed in rows_of(
            warehouse,
            """
            select changes.native_id, coding_elapsed_hours, time_to_first_review_elapsed_hours,
                wait_for_deployment_elapsed_hours,
                coalesce(change_lead_time_elapsed_hours, cycle_time_elapsed_hours), deployments.native_id, deployed_at
            from flow.fct_pull_requests as changes
            left join flow.fct_deployments as deployments using (deployment_id)
            where changes.source_id = 'dora' and state = 'merged'""",
        )
    }
    assert len(answers) == 6
    assert ours == answers


def test_every_incident_after_the_deployment_it_followed(
    warehouse: duckdb.DuckDBPyConnection, shared_data: Path
) -> None:
    recorded = shared_data / "devlake" / "dora" / "connect_incident_to_deployment" / "snapshot_tables"
    answers = {
        row["id"]: row["deployment_id"]
        for row in read_table(recorded / "project_incident_deployment_relationships.csv")
    }
    ours = dict(
        rows_of(
            warehouse,
            "select incidents.native_id, deployments.ref from flow.fct_incidents as incidents"
            " inner join flow.fct_deployments as deployments using (deployment_id)"
            " where incidents.source_id = 'outages'",
        )
    )
    assert len(answers) == 6
    assert ours == answers


def test_a_key_in_a_changes_title_places_it_with_its_item(warehouse: duckdb.DuckDBPyConnection) -> None:
    ours = rows_of(
        warehouse,
        "select native_id, team_id, membership_basis, n_work_items from flow.fct_pull_requests"
        " where membership_basis is not null",
    )
    assert ours == [("pr1", "team", "items", 1)]
    builds = "select distinct team_id, membership_basis from flow.fct_builds where source_id = 'branches'"
    assert rows_of(warehouse, builds) == [("builders", "project")]


def test_every_production_deployment_counts_once_in_the_portfolios_weeks(warehouse: duckdb.DuckDBPyConnection) -> None:
    (facts,) = rows_of(
        warehouse,
        "select count(*), count(*) filter (where is_failed) from flow.fct_deployments"
        " where is_production and result in ('success', 'failure')",
    )
    for period in ("week", "month"):
        assert rows_of(
            warehouse,
            "select sum(n_deployments), sum(n_failed_deployments) from marts.mart_delivery_performance"
            f" where scope_type = 'portfolio' and period_type = '{period}'",
        ) == [facts]
