"""What Jenkins, SonarQube, SARIF, CycloneDX, PagerDuty, Opsgenie and a delivery log export, told apart and landed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.sources import TOOLS, SourceSettings
from orchestration.warehouse import LandingReport, connect, land_source

LOADED_AT = datetime(2026, 7, 1, 2, tzinfo=UTC)

BUILD = {"number": 7, "timestamp": 1772438400000, "duration": 60000, "result": "SUCCESS",
         "url": "https://ci.example.org/job/shop/job/web/7/",
         "actions": [{}, {"causes": [{"userName": "No Body"}]},
                     {"lastBuiltRevision": {"SHA1": "c1", "branch": [{"name": "origin/main"}]}}],
         "changeSets": [{"items": [{"commitId": "c1", "msg": "PAY-1 Fix", "timestamp": 1772438000000}]}]}  # fmt: skip
RUN = {"_links": {"self": {"href": "/job/shop/job/web/7/wfapi/describe"}}, "id": "7", "name": "#7",
       "status": "SUCCESS", "startTimeMillis": 1772438400000, "durationMillis": 60000,
       "stages": [{"id": "6", "name": "Deploy", "status": "FAILED", "startTimeMillis": 1772438410000,
                   "durationMillis": 5000}]}  # fmt: skip
ISSUE = {"key": "AX1", "rule": "java:S1", "severity": "MAJOR", "component": "web:a.java", "project": "web",
         "status": "OPEN", "type": "BUG", "effort": "1h5min", "tags": ["design"], "author": "nobody@example.org",
         "creationDate": "2026-03-02T08:00:00+0100", "updateDate": "2026-03-02T08:00:00+0100"}  # fmt: skip
HOTSPOT = {"key": "AX2", "component": "web:a.java", "project": "web", "securityCategory": "auth",
           "vulnerabilityProbability": "HIGH", "status": "TO_REVIEW", "creationDate": "2026-03-02T08:00:00+0100",
           "updateDate": "2026-03-02T08:00:00+0100"}  # fmt: skip
HISTORY = {"paging": {"total": 1}, "measures": [
    {"metric": "ncloc", "history": [{"date": "2026-03-02T08:00:00+0100", "value": "47"},
                                    {"date": "0001-01-01T00:00:00+0000", "value": "1"}]}]}  # fmt: skip
INCIDENT = {"id": "Q1", "incident_number": 4, "title": "Down", "created_at": "2026-03-02T08:00:00Z",
            "status": "resolved", "urgency": "high", "service": {"id": "S1", "summary": "checkout"},
            "last_status_change_at": "2026-03-02T09:00:00Z",
            "log_entries": [{"type": "acknowledge_log_entry", "created_at": "2026-03-02T08:10:00Z",
                             "agent": {"summary": "No Body"}}]}  # fmt: skip
ALERT = {"id": "a1", "tinyId": "5", "alias": "x", "message": "Down", "status": "closed", "acknowledged": True,
         "createdAt": "2026-03-02T08:00:00Z", "updatedAt": "2026-03-02T09:30:00Z", "owner": "nobody@example.org",
         "report": {"ackTime": 600000, "closeTime": 3600000}}  # fmt: skip
SARIF = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [
    {"tool": {"driver": {"name": "Lint", "rules": [
        {"id": "r1", "defaultConfiguration": {"level": "error"}, "properties": {"tags": ["security"]}}]}},
     "invocations": [{"endTimeUtc": "2026-03-02T08:00:00Z"}],
     "results": [{"ruleId": "r1", "ruleIndex": 0, "message": {"text": "bad"}, "locations": [
         {"physicalLocation": {"artifactLocation": {"uri": "a.c"}, "region": {"startLine": 3}}}]}]}]}  # fmt: skip
BOM = {"bomFormat": "CycloneDX", "specVersion": "1.5",
       "metadata": {"timestamp": "2026-03-02T08:00:00Z", "component": {"group": "shop", "name": "web"}},
       "vulnerabilities": [{"id": "CVE-2026-1", "ratings": [{"score": 9.8, "severity": "critical"}],
                            "affects": [{"ref": "pkg:npm/one@1"}, {"ref": "pkg:npm/two@1"}]},
                           {"description": "without a name"}]}  # fmt: skip
FINDING = {"component": {"project": "u1", "name": "one", "version": "1", "purl": "pkg:npm/one@1"},
           "vulnerability": {"vulnId": "CVE-2026-1", "severity": "HIGH"},
           "analysis": {"state": "NOT_SET", "isSuppressed": False},
           "attribution": {"attributedOn": 1772438400000}}  # fmt: skip

FILES: list[tuple[str, str, str, str]] = [
    ("jenkins", "builds.json", json.dumps({"_class": "job", "allBuilds": [BUILD]}), "builds_in_allBuilds"),
    ("jenkins", "builds.json", json.dumps({"builds": [BUILD]}, indent=1), "builds_in_builds"),
    ("jenkins", "builds.json", json.dumps({"builds": []}), "builds_in_builds"),
    ("jenkins", "builds.ndjson", f"{json.dumps(BUILD)}\n{json.dumps(BUILD)}\n", "builds"),
    ("jenkins", "7.json", json.dumps(BUILD, indent=2), "builds_documents"),
    ("jenkins", "runs.json", json.dumps([RUN]), "runs_array"),
    ("sonarqube", "issues.json", json.dumps({"issues": [ISSUE], "components": [HOTSPOT]}), "issues_in_issues"),
    ("sonarqube", "hotspots.json", json.dumps({"paging": {}, "hotspots": [HOTSPOT]}), "hotspots_in_hotspots"),
    ("sonarqube", "search_history-web.json", json.dumps(HISTORY), "measure_history_documents"),
    ("sonarqube", "now.json", json.dumps({"component": {"key": "web"}}), "component_measures_documents"),
    ("sarif", "web.sarif", "\ufeff" + json.dumps(SARIF, indent=2), "reports_documents"),
    ("cyclonedx", "bom.json", json.dumps(BOM), "boms_documents"),
    ("cyclonedx", "findings.json", json.dumps([FINDING]), "findings_array"),
    ("cyclonedx", "web.json", json.dumps({"project": {"name": "w"}, "findings": []}), "finding_exports_documents"),
    ("pagerduty", "page1.json", json.dumps({"incidents": [INCIDENT], "more": False}), "incidents_in_incidents"),
    ("opsgenie", "alerts.json", json.dumps({"data": [ALERT], "took": 0.1}), "alerts_in_data"),
    ("delivery_log", "deploys-2026.csv", "id,when\n1,2026-03-02\n", "deployments"),
    ("delivery_log", "log.csv", '"incident";opened\n1;2026-03-02\n', "incidents"),
    ("delivery_log", "Pull Requests.csv", "change,opened\n1,2026-03-02\n", "changes"),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "name", "content", "kind"), FILES)
def test_a_file_is_told_by_its_beginning(tool: str, name: str, content: str, kind: str):
    assert TOOLS[tool].recognise(name, content) == kind
    assert kind in TOOLS[tool].kinds(SourceSettings())


@pytest.mark.parametrize("tool", sorted({tool for tool, *_ in FILES}))
@pytest.mark.parametrize(
    "content", ["", "[]", "{", "<html>Log in</html>", '{"errors": []}', '[{"id": 1, "name": "x"}]', "name,age\n1,2\n"]
)
def test_what_is_none_of_its_files_is_not_taken_for_one(tool: str, content: str):
    assert TOOLS[tool].recognise("download.json", content) is None


@dataclass(frozen=True)
class _Source:
    tool: str
    id: str = "main"
    exports: str = "exports/main"


Landed = tuple[LandingReport, duckdb.DuckDBPyConnection]
Land = Callable[..., Landed]


@pytest.fixture
def land(tmp_path: Path) -> Land:
    """Return a function that lands files of one tool in a warehouse of their own."""
    numbers = iter(range(1000))

    def run(tool: str, files: dict[str, str], **said: Any) -> Landed:
        folder = tmp_path / str(next(numbers))
        for name, content in files.items():
            file = folder / "exports" / "main" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        connection = connect(folder / "warehouse.duckdb")
        return land_source(connection, _Source(tool), SourceSettings(**said), folder, "r1", LOADED_AT), connection

    return run


def rows(connection: duckdb.DuckDBPyConnection, question: str) -> list[tuple[Any, ...]]:
    return connection.execute(question).fetchall()


def test_a_build_with_its_commit_and_the_stages_of_its_run(land: Land):
    _, connection = land("jenkins", {"builds.json": json.dumps({"builds": [BUILD]}), "runs.json": json.dumps([RUN])})
    assert rows(
        connection,
        "select job, build_number, result, epoch_ms(started), epoch_ms(finished), commit_sha, branch"
        " from raw_jenkins.builds where origin = 'builds'",
    ) == [("shop/web", 7, "SUCCESS", 1772438400000, 1772438460000, "c1", "origin/main")]
    assert rows(connection, "select job, commit_sha, message from raw_jenkins.build_commits") == [
        ("shop/web", "c1", "PAY-1 Fix")
    ]
    assert rows(connection, "select job, build_number, stage_name, status from raw_jenkins.build_stages") == [
        ("shop/web", 7, "Deploy", "FAILED")
    ]


def test_a_pipeline_that_runs_has_no_end_whatever_result_it_has_so_far(land: Land):
    running = BUILD | {"number": 8, "url": "https://ci.example.org/job/shop/job/web/8/", "building": True}
    running["duration"] = 0
    skipped = {"id": "7", "name": "Roll back", "status": "NOT_EXECUTED", "startTimeMillis": 0, "durationMillis": 0}
    paused = RUN["stages"][0] | {"id": "8", "status": "PAUSED_PENDING_INPUT"}
    run = RUN | {"stages": [*RUN["stages"], skipped, paused]}
    _, connection = land("jenkins", {"b.json": json.dumps({"builds": [running]}), "runs.json": json.dumps([run])})
    assert rows(connection, "select is_building, finished from raw_jenkins.builds where origin = 'builds'") == [
        (True, None)
    ]
    question = "select stage_id, epoch_ms(started), epoch_ms(finished) from raw_jenkins.build_stages order by all"
    assert rows(connection, question) == [
        ("6", 1772438410000, 1772438415000),
        ("7", None, None),
        ("8", 1772438410000, None),
    ]


def test_jenkins_is_complete_up_to_the_end_of_its_newest_build(land: Land):
    _, connection = land("jenkins", {"builds.json": json.dumps({"builds": [BUILD]})})
    assert rows(connection, "select epoch_ms(max(complete_to)) from quality.export_files") == [(1772438460000,)]


def test_a_history_of_measures_bears_the_project_of_its_files_name(land: Land):
    report, connection = land("sonarqube", {"search_history-shop%3Aweb.2.json": json.dumps(HISTORY)})
    assert rows(connection, "select project, metric, value from raw_sonarqube.measures") == [
        ("shop:web", "ncloc", "47")
    ]
    assert report.n_quarantined == 1
    assert rows(connection, "select reason from quality.quarantined_records") == [
        ("measure with an impossible date: 0001-01-01T00:00:00+0000",)
    ]


def test_a_sarif_result_takes_from_its_rule_what_it_does_not_say(land: Land):
    _, connection = land("sarif", {"web/lint.sarif": json.dumps(SARIF)})
    assert rows(connection, "select scanner, folder, scanned::varchar, n_results from raw_sarif.runs") == [
        ("Lint", "web", "2026-03-02 08:00:00+00", 1)
    ]
    assert rows(connection, "select rule_id, level, tags, file_path, line from raw_sarif.results") == [
        ("r1", "error", ["security"], "a.c", 3)
    ]


def test_a_sarif_finding_keeps_its_fingerprint_when_lines_move(land: Land):
    moved = json.loads(json.dumps(SARIF))
    moved["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 30
    _, connection = land("sarif", {"web/1.sarif": json.dumps(SARIF), "web/2.sarif": json.dumps(moved)})
    assert rows(connection, "select count(*), count(distinct fingerprint) from raw_sarif.results") == [(2, 1)]


def test_a_partial_fingerprint_tells_findings_of_one_file_apart_and_no_more(land: Land):
    report = json.loads(json.dumps(SARIF))
    found = report["runs"][0]["results"][0] | {
        "partialFingerprints": {"primaryLocationLineHash": "a1:1"},
        "provenance": {"firstDetectionTimeUtc": "0001-01-01T00:00:00Z"},
    }
    copied = found | {"locations": [{"physicalLocation": {"artifactLocation": {"uri": "copy/a.c"}}}]}
    report["runs"][0]["results"] = [found, copied]
    _, connection = land("sarif", {"web/lint.sarif": json.dumps(report)})
    question = "select count(distinct fingerprint), count(first_detected) from raw_sarif.results"
    assert rows(connection, question) == [(2, 0)]


def test_a_vulnerability_is_a_row_for_each_component_it_affects(land: Land):
    report, connection = land("cyclonedx", {"bom.json": json.dumps(BOM), "findings.json": json.dumps([FINDING])})
    question = "select project, vulnerability_id, component from raw_cyclonedx.vulnerabilities order by all"
    assert rows(connection, question) == [
        ("shop/web", "CVE-2026-1", "pkg:npm/one@1"),
        ("shop/web", "CVE-2026-1", "pkg:npm/two@1"),
        ("u1", "CVE-2026-1", "pkg:npm/one@1"),
    ]  # fmt: skip
    assert report.n_quarantined == 1
    assert rows(connection, "select record_key, reason from quality.quarantined_records") == [
        ("shop/web", "vulnerability without id")
    ]


def test_incidents_of_pagerduty_and_alerts_of_opsgenie(land: Land):
    _, connection = land("pagerduty", {"incidents.ndjson": json.dumps(INCIDENT)})
    assert rows(
        connection, "select service_name, acknowledged::varchar, resolved::varchar from raw_pagerduty.incidents"
    ) == [("checkout", "2026-03-02 08:10:00+00", "2026-03-02 09:00:00+00")]
    _, connection = land("opsgenie", {"alerts.json": json.dumps({"data": [ALERT]})})
    assert rows(connection, "select acknowledged::varchar, closed::varchar from raw_opsgenie.alerts") == [
        ("2026-03-02 08:10:00+00", "2026-03-02 09:00:00+00")
    ]


def test_a_delivery_log_is_read_under_the_headers_and_dates_that_the_portfolio_declares(land: Land):
    text = (
        "Number;Where;Ended;Commits\n1;live;02.03.2026 08:00;c1, c2\n2;live;?;c3\n3;live;32.03.2026 08:00;\n;live;;\n"
    )
    report, connection = land(
        "delivery_log",
        {"deployments.csv": text},
        columns={"deployment": "Number", "environment": "Where", "finished": "Ended"},
        date_format="%d.%m.%Y %H:%M",
        timezone="Europe/Berlin",
        missing=("?",),
    )
    question = "select deployment, environment, commits, finished::varchar from raw_delivery_log.deployments"
    assert rows(connection, question) == [
        ("1", "live", ["c1", "c2"], "2026-03-02 07:00:00+00")
    ]  # fmt: skip
    assert sorted(reason for (reason,) in rows(connection, "select reason from quality.quarantined_records")) == [
        "deployment without name",
        "deployment without started and finished",
        "finished '32.03.2026 08:00' is not of the declared date format %d.%m.%Y %H:%M",
    ]
    assert (report.n_records, report.n_quarantined) == (4, 3)


def test_a_delivery_log_without_the_column_that_names_a_row_is_refused(land: Land):
    report, _ = land("delivery_log", {"deployments.csv": "name,finished\n1,2026-03-02\n"})
    assert len(report.messages) == 1
    assert "without the column 'deployment'" in report.messages[0]


def test_people_are_not_read(land: Land):
    for tool, name, content, _ in FILES:
        _, connection = land(tool, {name: content})
        tables = rows(connection, f"select table_name from information_schema.tables where table_schema = 'raw_{tool}'")
        for (table,) in tables:
            text = str(rows(connection, f"select * from raw_{tool}.{table}")).lower()
            assert "no body" not in text
            assert "nobody" not in text


_TORN = st.tuples(st.integers(0, 40), st.integers(1, 3), st.booleans())


@pytest.mark.parametrize(("tool", "record", "table"), [
    ("jenkins", BUILD, "builds"), ("sonarqube", ISSUE, "issues"), ("sonarqube", HOTSPOT, "hotspots"),
    ("pagerduty", INCIDENT, "incidents"), ("opsgenie", ALERT, "alerts"), ("cyclonedx", FINDING, "vulnerabilities"),
])  # fmt: skip
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(torn=_TORN)
def test_one_a_line_torn_repeated_or_marked_is_loaded_or_quarantined(
    tool: str, record: dict[str, Any], table: str, torn: tuple[int, int, bool], land: Land
):
    cut, times, has_mark = torn
    line = json.dumps(record)
    text = ("\ufeff" if has_mark else "") + f"{line}\n" * times + line[: len(line) - cut] + "\n"
    report, connection = land(tool, {"export.ndjson": text})
    ((loaded,),) = rows(connection, f"select count(*) from raw_{tool}.{table}")
    assert report.n_records == loaded + report.n_quarantined == times + 1
    assert loaded >= times
