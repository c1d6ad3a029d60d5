"""GitHub's answers, saved in any way, become rows or are refused with a reason; nothing is lost unseen."""

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.sources import SourceSettings
from orchestration.sources.github import kinds, recognise
from orchestration.warehouse import LandingReport, connect, land_source

LOADED_AT = datetime(2026, 7, 1, 2, tzinfo=UTC)
EXPORTS = "exports/gh"
API = "https://api.github.com/repos/acme/shop"
PERSON = {"login": "nobody", "id": 99}


@dataclass(frozen=True)
class _Source:
    id: str = "gh"
    tool: str = "github"
    exports: str = EXPORTS


def issue(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": 1000 + number,
        "number": number,
        "title": f"Issue {number}",
        "state": "closed",
        "state_reason": "completed",
        "url": f"{API}/issues/{number}",
        "repository_url": API,
        "html_url": f"https://github.com/acme/shop/issues/{number}",
        "user": PERSON,
        "assignees": [PERSON],
        "labels": [{"name": "bug", "color": "f00"}, {"name": "ux"}],
        "milestone": {"id": 5, "title": "May"},
        "parent_issue_url": f"{API}/issues/1",
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": "2026-01-07T09:00:00Z",
        "closed_at": "2026-01-07T09:00:00Z",
        "body": "asks nobody",
        **fields,
    }


def event(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": 7000 + number,
        "url": f"{API}/issues/events/{7000 + number}",
        "event": "labeled",
        "actor": PERSON,
        "label": {"name": "build"},
        "created_at": "2026-01-06T09:00:00Z",
        "issue": {"id": 1000 + number, "number": number, "url": f"{API}/issues/{number}", "user": PERSON},
        **fields,
    }


def pull_request(number: int, **fields: Any) -> dict[str, Any]:
    return {
        **issue(number),
        "id": 3000 + number,
        "url": f"{API}/pulls/{number}",
        "draft": False,
        "body": "Fixes #7 as nobody asked, see PAY-12, acme/till#3 and https://github.com/acme/till/issues/4",
        "head": {"ref": "feature", "sha": "aa", "user": PERSON},
        "base": {"ref": "main", "sha": "bb", "user": PERSON},
        "merged_at": "2026-01-07T09:00:00Z",
        **fields,
    }


def run(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": "Tests",
        "run_number": number,
        "run_attempt": 1,
        "event": "push",
        "head_branch": "main",
        "head_sha": "aa",
        "status": "completed",
        "conclusion": "success",
        "created_at": "2026-01-05T09:00:00Z",
        "run_started_at": "2026-01-05T09:01:00Z",
        "updated_at": "2026-01-05T09:30:00Z",
        "url": f"{API}/actions/runs/{number}",
        "actor": PERSON,
        **fields,
    }


OTHERS: dict[str, dict[str, Any]] = {
    "milestones": {"id": 5, "number": 1, "title": "May", "state": "open", "due_on": "2026-05-31T00:00:00Z",
                   "created_at": "2026-01-05T09:00:00Z", "url": f"{API}/milestones/1", "creator": PERSON},
    "reviews": {"id": 8, "user": PERSON, "state": "APPROVED", "submitted_at": "2026-01-06T09:00:00Z",
                "commit_id": "aa", "pull_request_url": f"{API}/pulls/9", "body": "nobody"},
    "workflow_jobs": {"id": 3, "run_id": 1, "run_url": f"{API}/actions/runs/1", "name": "lint", "steps": [],
                      "status": "completed", "conclusion": "success", "started_at": "2026-01-05T09:01:00Z",
                      "completed_at": "2026-01-05T09:02:00Z"},
    "deployments": {"id": 4, "sha": "aa", "ref": "main", "task": "deploy", "environment": "production",
                    "creator": PERSON, "created_at": "2026-01-05T09:00:00Z", "url": f"{API}/deployments/4",
                    "statuses_url": f"{API}/deployments/4/statuses", "repository_url": API},
    "deployment_statuses": {"id": 6, "state": "success", "creator": PERSON, "created_at": "2026-01-05T09:10:00Z",
                            "deployment_url": f"{API}/deployments/4"},
    "code_scanning_alerts": {"number": 1, "created_at": "2026-01-05T09:00:00Z", "url": f"{API}/code-scanning/alerts/1",
                             "state": "fixed", "fixed_at": "2026-01-06T09:00:00Z", "tool": {"name": "CodeQL"},
                             "rule": {"id": "js/x", "severity": "error", "security_severity_level": "high"},
                             "most_recent_instance": {"location": {"path": "a.js"}}, "dismissed_by": PERSON},
    "dependabot_alerts": {"number": 1, "state": "open", "created_at": "2026-01-05T09:00:00Z",
                          "url": f"{API}/dependabot/alerts/1", "dependency": {"package": {"name": "left"}},
                          "security_advisory": {"ghsa_id": "GHSA-1", "severity": "high"}},
    "secret_scanning_alerts": {"number": 1, "state": "open", "created_at": "2026-01-05T09:00:00Z",
                               "url": f"{API}/secret-scanning/alerts/1", "secret_type": "token", "secret": "s3cr3t"},
}  # fmt: skip
TABLE_OF = {name: "alerts" if name.endswith("alerts") else name for name in OTHERS}


def lines(*documents: Any) -> str:
    return "".join(json.dumps(document) + "\n" for document in documents)


class _Folder:
    """A portfolio's folder with one source and its warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse: duckdb.DuckDBPyConnection = connect(folder / "warehouse.build.duckdb")

    def drop(self, name: str, content: str | bytes) -> None:
        file = self.folder / EXPORTS / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def land(self, **fields: str) -> LandingReport:
        return land_source(self.warehouse, _Source(), SourceSettings(fields=fields), self.folder, "r1", LOADED_AT)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.warehouse.execute(sql).fetchall()


@pytest.fixture
def folder(tmp_path: Path) -> _Folder:
    return _Folder(tmp_path)


LAYOUTS: dict[str, str | bytes] = {
    "issues.ndjson": lines(issue(1), issue(2)),
    "issues.json": json.dumps([issue(1), issue(2)]),
    "issues-pretty.json": json.dumps([issue(1), issue(2)], indent=2),
    "issues.json.gz": gzip.compress(json.dumps([issue(1), issue(2)]).encode()),
    "search.json": json.dumps({"total_count": 2, "incomplete_results": False, "items": [issue(1), issue(2)]}),
    "answers.ndjson": lines({"url": f"{API}/issues?page=1", "values": [issue(1)]}, {"url": "x", "values": [issue(2)]}),
    "bom.json": b"\xef\xbb\xbf" + json.dumps([issue(1), issue(2)]).encode(),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_same_rows(name: str, folder: _Folder):
    folder.drop(name, LAYOUTS[name])
    report = folder.land()
    assert (report.n_quarantined, report.messages) == (0, [])
    assert folder.rows(
        "select issue_id, repository, number, state, state_reason, is_pull_request, labels, milestone_id, parent_ref,"
        " created from raw_github.issues order by number"
    ) == [
        (str(1000 + n), "acme/shop", n, "closed", "completed", False, ["bug", "ux"], "5", "acme/shop#1",
         datetime(2026, 1, 5, 9, tzinfo=UTC))
        for n in (1, 2)
    ]  # fmt: skip


def test_pull_requests_among_the_issues_are_marked(folder: _Folder):
    folder.drop("issues.json", json.dumps([issue(1), issue(2, pull_request={"url": f"{API}/pulls/2"})]))
    folder.land()
    assert folder.rows("select number, is_pull_request from raw_github.issues order by 1") == [(1, False), (2, True)]


@pytest.mark.parametrize("name", OTHERS)
def test_every_kind_of_record_lands_as_array_and_line_and_answer(name: str, folder: _Folder):
    record = OTHERS[name]
    folder.drop("array.json", json.dumps([record]))
    folder.drop("lines.ndjson", lines(record))
    folder.drop("answer.json", json.dumps({"url": f"{API}/pulls/9/anything", "values": [record]}))
    report = folder.land()
    assert (report.n_quarantined, report.messages) == (0, [])
    assert dict(report.rows) == {TABLE_OF[name]: 3}
    (row,) = folder.rows(
        f"select distinct * exclude (export_file, exported_at, loaded_at) from raw_github.{TABLE_OF[name]}"
    )
    assert "acme/shop" in row


def test_people_and_secrets_are_not_read(folder: _Folder):
    for name, record in OTHERS.items():
        folder.drop(f"{name}.json", json.dumps([record]))
    folder.drop("issues.json", json.dumps([issue(1)]))
    folder.drop("events.json", json.dumps([event(1), event(2, event="assigned", assignee=PERSON)]))
    folder.drop("pulls.json", json.dumps([pull_request(9)]))
    folder.drop("torn.ndjson", lines(issue(3)) + '{"id": 1, "user": {"login": "nobody", torn\n')
    report = folder.land()
    assert report.n_quarantined == 1
    for schema, table in folder.rows("select table_schema, table_name from information_schema.tables"):
        stored = str(folder.rows(f"select * from {schema}.{table}"))
        assert "nobody" not in stored, table
        assert "s3cr3t" not in stored, table


def test_of_a_pull_requests_text_only_what_it_names_is_kept(folder: _Folder):
    folder.drop("pulls.json", json.dumps([pull_request(9), pull_request(10, body=None, title="Ship it")]))
    folder.land()
    assert folder.rows("select list_sort(refs), closing_refs from raw_github.pull_requests order by number") == [
        (["PAY-12", "acme/shop#7", "acme/till#3", "acme/till#4"], ["acme/shop#7"]),
        ([], []),
    ]


def test_events_find_their_issue_by_record_request_or_path(folder: _Folder):
    alone = {name: value for name, value in event(7).items() if name != "issue"}
    mention = {"event": "cross-referenced", "created_at": "2026-01-06T09:00:00Z", "actor": PERSON,
               "source": {"type": "issue", "issue": issue(3)}}  # fmt: skip
    folder.drop("events.json", json.dumps([event(7)]))
    folder.drop("repos/acme/shop/issues/7/timeline.json", json.dumps([alone, mention]))
    folder.drop("answers.ndjson", lines({"url": f"{API}/issues/7/timeline?page=2", "values": [alone, mention]}))
    folder.drop("acme-shop-issues-7-events.json", json.dumps([alone]))
    folder.drop("misplaced.json", json.dumps([alone], indent=1))
    report = folder.land()
    assert report.n_quarantined == 1
    assert folder.rows("select distinct repository, number from raw_github.issue_events") == [("acme/shop", 7)]
    assert folder.rows("select count(*), count(other_ref), max(other_ref) from raw_github.issue_events") == [
        (6, 2, "acme/shop#3")
    ]
    ((file, reason),) = folder.rows("select export_file, reason from quality.quarantined_records")
    assert file == f"{EXPORTS}/misplaced.json"
    assert reason.startswith("event that does not name its issue; save it with its request")


def test_an_event_that_names_no_issue_is_refused_among_lines_and_answers_too(folder: _Folder):
    alone = {name: value for name, value in event(7).items() if name != "issue"}
    folder.drop("lines.ndjson", lines(alone, event(8)))
    folder.drop("answers.json", json.dumps({"url": f"{API}/issues/events", "values": [alone, event(8)]}))
    report = folder.land()
    assert report.n_quarantined == 2
    assert folder.rows("select number from raw_github.issue_events") == [(8,), (8,)]


def test_lists_of_sub_issues_and_of_what_blocks_are_relations_not_issues(folder: _Folder):
    folder.drop("answers-1.json", json.dumps({"url": f"{API}/issues/7/sub_issues", "values": [issue(8)]}))
    folder.drop("issues-7-sub_issues.json", json.dumps([issue(9)]))
    folder.drop("answers-2.json", json.dumps({"url": f"{API}/issues/7/dependencies/blocked_by", "values": [issue(3)]}))
    report = folder.land()
    assert dict(report.rows) == {"issue_relations": 3}
    assert folder.rows("select place_ref, relation, issue_ref from raw_github.issue_relations order by all") == [
        ("acme/shop#7", "blocked_by", "acme/shop#3"),
        ("acme/shop#7", "child", "acme/shop#8"),
        ("acme/shop#7", "child", "acme/shop#9"),
    ]


def commit(sha: str) -> dict[str, Any]:
    dated = {"name": "nobody", "date": "2026-01-05T09:00:00Z"}
    return {
        "sha": sha,
        "url": f"{API}/commits/{sha}",
        "commit": {"message": "PAY-12: by nobody", "author": dated, "committer": dated},
    }


def test_commits_belong_to_the_pull_request_they_were_asked_for(folder: _Folder):
    folder.drop("answers.ndjson", lines({"url": f"{API}/pulls/9/commits", "values": [commit("aa")]}))
    folder.drop("pulls-10-commits.json", json.dumps([commit("bb")]))
    folder.drop("commits.json", json.dumps([commit("cc")]))
    folder.land()
    assert folder.rows("select commit_sha, number, refs from raw_github.commits order by 1") == [
        ("aa", 9, ["PAY-12"]),
        ("bb", 10, ["PAY-12"]),
        ("cc", None, ["PAY-12"]),
    ]


def project(*items: Any) -> dict[str, Any]:
    return {"data": {"organization": {"projectV2": {"id": "P1", "title": "Flow", "items": {"nodes": list(items)}}}}}


def item(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"I{number}",
        "content": {"number": number, "repository": {"nameWithOwner": "acme/shop"}},
        "fieldValueByName": {"name": "Build", "updatedAt": "2026-01-05T09:00:00Z"},
        **fields,
    }


@pytest.mark.parametrize(
    "data",
    [
        {"search": {"nodes": [{"number": 7, "timelineItems": {"nodes": []}}]}},
        {"repository": {"nameWithOwner": "acme/shop", "issue": {"timelineItems": {"nodes": []}}}},
        {"repository": {"issues": {"nodes": [{"timelineItems": {"nodes": []}}]}}},
        {"repository": {"pullRequest": {"number": 7, "timelineItems": {"nodes": []}}}},
    ],
)
def test_an_answer_with_timelines_of_issues_that_cannot_be_told_is_refused(folder: _Folder, data: dict[str, Any]):
    folder.drop("timeline.json", json.dumps({"data": data}))
    assert folder.land().n_quarantined == 1


def test_a_page_without_issues_has_no_timelines_and_is_not_refused(folder: _Folder):
    page = {"data": {"repository": {"issues": {"nodes": [], "filter": {"timelineItems": None}}}}}
    folder.drop("timeline.json", json.dumps(page))
    report = folder.land()
    assert (report.n_records, report.n_quarantined) == (1, 0)


def test_a_projects_status_and_mapped_fields_are_read_and_no_others(folder: _Folder):
    values = [
        {"number": 5, "updatedAt": "2026-01-05T09:00:00Z", "field": {"name": "Points"}},
        {"text": "nobody", "field": {"name": "Asked by"}},
        {"users": {"nodes": [PERSON]}, "field": {"name": "Assignees"}},
        {},
    ]
    by_list = item(2, fieldValueByName=None, fieldValues={"nodes": [{"name": "Test", "field": {"name": "Status"}}]})
    draft = {"id": "I9", "content": {"title": "a thought"}, "fieldValueByName": None}
    folder.drop("project.json", json.dumps(project(item(1, fieldValues={"nodes": values}), by_list, draft, None)))
    folder.drop("items.ndjson", lines(item(3, fieldValueByName=None)))
    report = folder.land(estimate="Points")
    assert report.n_quarantined == 1
    assert folder.rows("select number, field_name, value from raw_github.project_values order by all") == [
        (1, "Points", "5.0"),
        (1, "Status", "Build"),
        (2, "Points", None),
        (2, "Status", "Test"),
        (3, "Status", None),
    ]


def test_graphql_timelines_tell_what_a_project_status_changed_to(folder: _Folder):
    nodes = [
        {"__typename": "ProjectV2ItemStatusChangedEvent", "id": "E1", "createdAt": "2026-01-05T09:00:00Z",
         "previousStatus": "Ready", "status": "Build", "project": {"id": "P1"}, "actor": PERSON},
        {"__typename": "AddedToProjectV2Event", "id": "E0", "createdAt": "2026-01-04T09:00:00Z"},
        {"__typename": "LabeledEvent", "id": "E2", "createdAt": "never", "label": {"name": "x"}},
    ]  # fmt: skip
    answer = {
        "data": {
            "repository": {"nameWithOwner": "acme/shop", "issue": {"number": 7, "timelineItems": {"nodes": nodes}}}
        }
    }
    folder.drop("timeline.json", json.dumps(answer))
    report = folder.land()
    assert report.n_quarantined == 1
    assert folder.rows(
        "select repository, number, event, from_value, to_value from raw_github.issue_events order by 3"
    ) == [
        ("acme/shop", 7, "added_to_project_v2", None, None),
        ("acme/shop", 7, "project_v2_item_status_changed", "Ready", "Build"),
    ]


def test_a_graphql_error_is_quarantined_with_its_message(folder: _Folder):
    folder.drop("project.json", json.dumps({"data": None, "errors": [{"message": "Something went wrong"}]}))
    folder.land()
    assert folder.rows("select reason from quality.quarantined_records") == [("GraphQL error: Something went wrong",)]


REFUSED = {
    "issue without id": issue(1, id=None),
    "issue without number": {**issue(1), "number": None},
    "issue without state": issue(1, state=None),
    "issue without date": issue(1, created_at=None),
    "impossible date: 2026-02-30T09:00:00Z": issue(1, created_at="2026-02-30T09:00:00Z"),
    "date outside its export: 2199-01-01T00:00:00Z": issue(1, updated_at="2199-01-01T00:00:00Z"),
    "issue of no named repository": issue(1, url=None, repository_url=None, html_url=None),
}


@pytest.mark.parametrize("reason", REFUSED)
@pytest.mark.parametrize("layout", ["issues.json", "issues.ndjson", "answers.json"])
def test_a_record_is_refused_with_its_reason(reason: str, layout: str, folder: _Folder):
    records = [issue(2), REFUSED[reason]]
    content = {
        "issues.json": json.dumps(records),
        "issues.ndjson": lines(*records),
        "answers.json": json.dumps({"url": "https://api.github.com/issues", "values": records}),
    }
    folder.drop(layout, content[layout])
    report = folder.land()
    assert report.n_quarantined == 1
    assert folder.rows("select reason from quality.quarantined_records") == [(reason,)]
    assert folder.rows("select number from raw_github.issues") == [(2,)]


RECOGNISED: dict[str, tuple[str, Any]] = {
    "issues_array": ("a.json", [issue(1)]),
    "issues": ("a.ndjson", issue(1)),
    "issues_in_items": ("a.json", {"total_count": 1, "items": [issue(1)]}),
    "pull_requests_array": ("a.json", [pull_request(1)]),
    "issue_events_array": ("a.json", [event(1)]),
    "issue_events_in_values": ("a.json", {"url": f"{API}/issues/1/timeline", "values": [event(1)]}),
    "workflow_runs_in_workflow_runs": ("a.json", {"total_count": 1, "workflow_runs": [run(1)]}),
    "workflow_jobs_in_jobs": ("a.json", {"total_count": 0, "jobs": []}),
    "issue_relations_in_values": ("a.json", {"url": f"{API}/issues/1/sub_issues", "values": [issue(2)]}),
    "reviews_array": ("pulls-1-reviews.json", []),
    "deployment_statuses_array": ("deployments-4-statuses.json", []),
    "graphql_projects": ("a.json", project(item(1))),
    "project_items": ("a.ndjson", item(1)),
}


@pytest.mark.parametrize("kind", RECOGNISED)
def test_a_file_is_recognised_and_its_kind_declared(kind: str):
    name, document = RECOGNISED[kind]
    assert recognise(name, json.dumps(document)) == kind
    assert recognise(name, "\ufeff" + json.dumps(document)) == kind
    assert kind in kinds(SourceSettings())


@pytest.mark.parametrize(
    "head",
    [
        "",
        "[]",
        "{}",
        "null",
        "<html>Sign in</html>",
        '{"message": "Bad credentials"}',
        '[{"login": "nobody", "id": 1}]',
    ],
)
def test_what_is_not_githubs_is_not_taken_for_it(head: str):
    assert recognise("export.json", head) is None


RECORDS: dict[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "issues": ("issues", issue),
    "issue_events": ("issue_events", event),
    "pull_requests": ("pull_requests", pull_request),
    "workflow_runs": ("workflow_runs", run),
}


def _blanked(record: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: None if name in names else value for name, value in record.items()}


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(sorted(RECORDS)),
    st.lists(st.tuples(st.integers(1, 6), st.sets(st.integers(0, 20), max_size=6)), min_size=1, max_size=8),
    st.sampled_from(["array", "lines", "answers"]),
    st.integers(),
)
def test_every_record_is_loaded_or_quarantined(
    name: str, drawn: list[tuple[int, set[int]]], layout: str, shuffling: int
):
    """Nulls in any fields, the same record twice, any order, in every layout."""
    table, made = RECORDS[name]
    records = []
    for number, blanks in drawn:
        whole = made(number)
        fields = sorted(whole)
        records.append(_blanked(whole, {fields[blank] for blank in blanks if blank < len(fields)}))
    random.Random(shuffling).shuffle(records)
    # The file is told by its first record that is whole.
    records = [made(99), *records]
    content = {
        "array": json.dumps(records),
        "lines": lines(*records),
        "answers": json.dumps({"url": "https://api.github.com/x", "values": records}),
    }[layout]
    with TemporaryDirectory() as place:
        folder = _Folder(Path(place))
        folder.drop("export.ndjson" if layout == "lines" else "export.json", content)
        report = folder.land()
        assert report.rows[table] + report.n_quarantined == len(records)
        assert report.messages == []
        folder.warehouse.close()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 2000), st.sampled_from(["json", "ndjson", "json.gz"]))
def test_a_truncated_file_ends_in_rows_or_in_the_quarantine(cut: int, suffix: str):
    records = [issue(1), issue(2)]
    whole = (lines(*records) if suffix == "ndjson" else json.dumps(records)).encode()
    content = gzip.compress(whole) if suffix == "json.gz" else whole
    with TemporaryDirectory() as place:
        folder = _Folder(Path(place))
        folder.drop(f"issues.{suffix}", content[: min(cut, len(content) - 1)])
        report = folder.land()
        (n_rows,) = folder.rows("select count(*) from raw_github.issues")[0]
        assert report.n_quarantined >= 1 or n_rows == len(records)
        assert n_rows <= len(records)
        folder.warehouse.close()


def test_a_file_in_another_encoding_or_with_a_gigantic_field_never_stops_the_others(folder: _Folder):
    folder.drop("utf16.json", json.dumps([issue(1)]).encode("utf-16"))
    folder.drop("latin.json", json.dumps([issue(1, title="Größe")], ensure_ascii=False).encode("latin-1"))
    folder.drop("empty.json", "")
    folder.drop("huge.json", json.dumps([issue(2, body="x" * 2_000_000)]))
    folder.drop("issues.json", json.dumps([issue(3)]))
    report = folder.land()
    assert {3, 2} <= {number for (number,) in folder.rows("select number from raw_github.issues")}
    assert report.n_quarantined >= 3
