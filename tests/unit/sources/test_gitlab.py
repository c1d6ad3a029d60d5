"""GitLab's answers are recognised; every record becomes a row, is quarantined, or its file is refused with a reason."""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.sources import SourceSettings, gitlab
from orchestration.sources.gitlab.files import recognise
from orchestration.warehouse import LandingReport, connect, land_source

LOADED_AT = datetime(2026, 7, 1, 2, tzinfo=UTC)
HOST = "https://gitlab.example.com"
EVENT = {"id": 5, "user": {"id": 9, "name": "No Body"}, "created_at": "2026-05-02T08:00:00.000Z"}
ON_ISSUE = {"resource_type": "Issue", "resource_id": 101}
ISSUE: dict[str, Any] = {
    "id": 101,
    "iid": 12,
    "project_id": 7,
    "title": "Pay by card – später",
    "description": "asked for by No Body",
    "state": "opened",
    "created_at": "2026-05-01T08:00:00.000Z",
    "updated_at": "2026-05-03T10:00:00.000+02:00",
    "closed_at": None,
    "labels": ["workflow::build", "ux"],
    "milestone": {"id": 3, "title": "2.0", "state": "active", "project_id": 7, "start_date": "2026-05-01"},
    "author": {"id": 9, "name": "No Body"},
    "assignees": [{"id": 9, "name": "No Body"}],
    "weight": 3,
    "issue_type": "issue",
    "web_url": f"{HOST}/shop/web/-/issues/12",
    "references": {"short": "#12", "full": "shop/web#12"},
    "epic": {"id": 4, "iid": 2, "group_id": 6},
    "_links": {"self": f"{HOST}/api/v4/projects/7/issues/12", "closed_as_duplicate_of": None},
}
MERGE_REQUEST: dict[str, Any] = {
    **{name: ISSUE[name] for name in ("project_id", "title", "description", "created_at", "updated_at", "author")},
    "id": 201,
    "iid": 21,
    "state": "merged",
    "merged_at": "2026-05-03T08:00:00.000Z",
    "source_branch": "PAY-1-card",
    "target_branch": "main",
    "sha": "aa",
    "draft": False,
    "labels": [],
    "user_notes_count": 2,
    "references": {"full": "shop/web!21"},
    "web_url": f"{HOST}/shop/web/-/merge_requests/21",
}
PIPELINE: dict[str, Any] = {
    "id": 301,
    "project_id": 7,
    "sha": "aa",
    "ref": "main",
    "status": "success",
    "source": "push",
    "created_at": "2026-05-03T08:00:00.000Z",
    "updated_at": "2026-05-03T08:10:00.000Z",
    "web_url": f"{HOST}/shop/web/-/pipelines/301",
}
JOB: dict[str, Any] = {
    "id": 401,
    "name": "test",
    "stage": "test",
    "status": "success",
    "ref": "main",
    "created_at": "2026-05-03T08:00:00.000Z",
    "started_at": "2026-05-03T08:01:00.000Z",
    "finished_at": "2026-05-03T08:02:00.000Z",
    "pipeline": PIPELINE,
    "commit": {"id": "aa", "message": "Closes #12\n\nSigned-off-by: No Body", "author_name": "No Body"},
    "web_url": f"{HOST}/shop/web/-/jobs/401",
}
# Entity: the raw table that its records fill, and a record.
RECORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "issues": ("issues", ISSUE),
    "epic_issues": ("issues", {**ISSUE, "epic_issue_id": 8, "relative_position": 0}),
    "epics": (
        "epics",
        {
            **{name: ISSUE[name] for name in ("id", "iid", "title", "state", "created_at", "updated_at", "labels")},
            "group_id": 6,
            "parent_id": None,
            "references": {"full": "shop&2"},
        },
    ),
    "issue_links": (
        "issue_links",
        {**ISSUE, "issue_link_id": 1, "link_type": "blocks", "_request": "/api/v4/projects/7/issues/11/links"},
    ),
    "state_events": ("resource_events", {**EVENT, **ON_ISSUE, "state": "closed"}),
    "label_events": ("resource_events", {**EVENT, **ON_ISSUE, "action": "add", "label": {"id": 2, "name": "ux"}}),
    "milestone_events": (
        "resource_events",
        {**EVENT, **ON_ISSUE, "action": "add", "milestone": {"id": 3, "title": "2.0"}, "state": "active"},
    ),
    "iteration_events": ("resource_events", {**EVENT, **ON_ISSUE, "action": "add", "iteration": {"id": 3}}),
    "weight_events": ("resource_events", {**EVENT, "issue_id": 101, "weight": 3}),
    "milestones": (
        "milestones",
        {"id": 3, "iid": 1, "title": "2.0", "state": "active", "start_date": None, "due_date": "2026-06-01"},
    ),
    "iterations": (
        "iterations",
        {"id": 3, "iid": 1, "sequence": 1, "title": None, "state": 2, "start_date": None, "due_date": "2026-06-01"},
    ),
    "projects": ("projects", {"id": 7, "path_with_namespace": "shop/web"}),
    "merge_requests": ("merge_requests", MERGE_REQUEST),
    "approvals": (
        "merge_request_approvals",
        {
            "id": 201,
            "iid": 21,
            "project_id": 7,
            "state": "merged",
            "approvals_required": 1,
            "approved": True,
            "approved_by": [{"user": {"name": "No Body"}, "approved_at": "2026-05-02T08:00:00.000Z"}],
        },
    ),
    "notes": (
        "notes",
        {
            "id": 51,
            "body": "approved this merge request",
            "system": True,
            "noteable_id": 201,
            "noteable_type": "MergeRequest",
            "resolvable": False,
            "created_at": "2026-05-02T08:00:00.000Z",
        },
    ),
    "commits": (
        "merge_request_commits",
        {
            "id": "aa",
            "short_id": "a",
            "message": "PAY-1 by No Body",
            "committed_date": "2026-05-01T08:00:00.000+00:00",
            "_request": f"{HOST}/api/v4/projects/shop%2Fweb/merge_requests/21/commits?page=1",
        },
    ),
    "pipelines": ("pipelines", PIPELINE),
    "jobs": ("jobs", JOB),
    "deployments": (
        "deployments",
        {
            "id": 501,
            "status": "success",
            "ref": "main",
            "sha": "aa",
            "created_at": "2026-05-03T08:00:00.000Z",
            "environment": {"name": "production", "tier": "production"},
            "deployable": JOB,
        },
    ),
    "vulnerabilities": (
        "vulnerabilities",
        {
            "id": 601,
            "title": "SQL injection",
            "report_type": "sast",
            "severity": "high",
            "state": "detected",
            "created_at": "2026-05-03T08:00:00.000Z",
            "project": {"id": 7, "path_with_namespace": "shop/web"},
            "finding": {"raw_metadata": '{"location": {"file": "pay.py"}}'},
        },
    ),
    "vulnerability_findings": (
        "vulnerabilities",
        {
            "uuid": "u-1",
            "name": "SQL injection",
            "report_type": "sast",
            "severity": "high",
            "state": "detected",
            "identifiers": [{"name": "CWE-89"}],
            "location": {"file": "pay.py"},
            "project": {"id": 7, "full_path": "/shop/web"},
        },
    ),
}


@dataclass(frozen=True)
class _Source:
    id: str = "main"
    tool: str = "gitlab"
    exports: str = "exports/main"


@dataclass(frozen=True)
class Landed:
    """What a landing left behind: its report, the rows of each raw table, and the quarantine's (file, reason)."""

    report: LandingReport
    rows: Mapping[str, list[dict[str, Any]]]
    quarantine: list[tuple[str, str]]


def land(files: Mapping[str, str | bytes]) -> Landed:
    """Land files in a folder of their own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in files.items():
            path = folder / "exports" / "main" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        connection = connect(folder / "warehouse.build.duckdb")
        report = land_source(connection, _Source(), SourceSettings(), folder, "r1", LOADED_AT)
        rows = {table.name: _rows(connection, f"raw_gitlab.{table.name}") for table in gitlab.FORMAT.tables}
        quarantine = connection.execute("select export_file, reason from quality.quarantined_records").fetchall()
        connection.close()
    return Landed(report, rows, quarantine)


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    found = connection.execute(f"select * from {table}")
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


LAYOUTS = {
    "one a line": (_lines, ""),
    "a page": (lambda *records: json.dumps(records), "_array"),
    "a pretty page": (lambda *records: json.dumps(records, indent=2), "_array"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("entity", RECORDS)
def test_every_entity_is_recognised_in_every_layout(entity: str, layout: str) -> None:
    write, suffix = LAYOUTS[layout]
    record = RECORDS[entity][1]
    assert recognise("x.json", write(record, record)) == f"{entity}{suffix}"
    assert recognise("x.json", "\ufeff" + write(record)) == f"{entity}{suffix}"


@pytest.mark.parametrize("entity", RECORDS)
def test_a_pretty_document_is_recognised(entity: str) -> None:
    assert recognise("x.json", json.dumps(RECORDS[entity][1], indent=2)) == f"{entity}_documents"


EMPTY_PAGES = {
    "projects/7/issues/12/resource_label_events.json": "label_events_array",
    "issues-12-resource_state_events.json": "state_events_array",
    "12-links.json": "issue_links_array",
    "epics_3_issues.json": "epic_issues_array",
    "merge_requests-21-notes.json": "notes_array",
    "merge_requests.json": "merge_requests_array",
    "issues.json": "issues_array",
    "members.json": None,
}


@pytest.mark.parametrize("name", EMPTY_PAGES)
def test_an_empty_page_is_told_by_its_name(name: str) -> None:
    assert recognise(name.rpartition("/")[2], " [ ]\n") == EMPTY_PAGES[name]


OTHERS = {
    "nothing": "",
    "text": "hello",
    "a refusal": '{"message": "401 Unauthorized"}',
    "another tool's array": json.dumps([{"id": 1, "name": "a build"}]),
    "another tool's issue": json.dumps({"id": "1", "key": "A-1", "fields": {}}),
    "people": json.dumps([{"id": 1, "username": "nobody", "state": "active", "web_url": HOST}]),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_is_not_gitlabs_is_not_taken_for_it(case: str) -> None:
    assert recognise("x.json", OTHERS[case]) is None


def test_an_old_iteration_is_told_from_a_milestone_by_its_address() -> None:
    old = {"id": 3, "iid": 1, "title": "S1", "state": 2, "start_date": None, "due_date": None}
    assert recognise("x.json", json.dumps([{**old, "web_url": f"{HOST}/groups/shop/-/iterations/3"}])) == (
        "iterations_array"
    )
    assert recognise("x.json", json.dumps([{**old, "web_url": f"{HOST}/shop/web/-/milestones/1"}])) == (
        "milestones_array"
    )


def test_people_and_what_they_wrote_are_not_read() -> None:
    landed = land({f"{entity}.json": json.dumps([record]) for entity, (_, record) in RECORDS.items()})
    assert landed.quarantine == []
    assert len(landed.rows["issues"]) == 2
    assert "Body" not in str(landed.rows)


def test_an_issue_as_exported() -> None:
    landed = land({"issues.json": json.dumps([ISSUE])})
    (issue,) = landed.rows["issues"]
    told = ("issue_id", "issue_key", "project_path", "labels", "weight", "milestone_id", "epic_id", "epic_key")
    assert [issue[name] for name in told] == [
        "101", "shop/web#12", "shop/web", ["workflow::build", "ux"], 3.0, "3", "4", "6&2"
    ]  # fmt: skip
    assert issue["updated"] == datetime(2026, 5, 3, 8, tzinfo=UTC)
    assert [row["title"] for row in landed.rows["milestones"]] == ["2.0"]


def test_labels_with_their_details_are_labels_all_the_same() -> None:
    landed = land({"issues.json": json.dumps([{**ISSUE, "labels": [{"id": 1, "name": "ux"}, {"name": "web app"}]}])})
    assert landed.rows["issues"][0]["labels"] == ["ux", "web app"]


def test_only_what_a_text_mentions_of_items_is_kept() -> None:
    text = "No Body asked (PAY-12). Closes #3, shop/web#4 and https://h.org/shop/-/issues/5; see AB#6, INC0012345"
    landed = land({"merge_requests.json": json.dumps([{**MERGE_REQUEST, "description": text}])})
    mentioned = ["PAY-12", "#3", "shop/web#4", "//h.org/shop/-/issues/5", "AB#6", "INC0012345"]
    assert landed.rows["merge_requests"][0]["mentioned_keys"].split() == sorted(mentioned)


def test_a_list_is_told_by_the_path_of_its_file() -> None:
    _, link = RECORDS["issue_links"]
    _, commit = RECORDS["commits"]
    _, listed = RECORDS["epic_issues"]
    landed = land(
        {
            "projects/7/merge_requests/21/approvals.json": json.dumps({"user_has_approved": False, "approved": True}),
            "projects/7/issues/11/links.json": json.dumps([{**link, "_request": None}]),
            "projects/shop%2Fweb/merge_requests/21/commits.json": json.dumps([{**commit, "_request": None}]),
            "groups/6/epics/2/issues.json": json.dumps([{**listed, "epic": None}]),
        }
    )
    assert [(row["project_ref"], row["issue_iid"]) for row in landed.rows["issue_links"]] == [("7", "11")]
    commits = landed.rows["merge_request_commits"]
    assert [(row["project_ref"], row["merge_request_iid"]) for row in commits] == [("shop/web", "21")]
    assert [row["epic_key"] for row in landed.rows["issues"]] == ["6&2"]
    approvals = landed.rows["merge_request_approvals"]
    assert [(row["project_ref"], row["merge_request_iid"]) for row in approvals] == [("7", "21")]
    assert landed.quarantine == []


def test_a_list_that_does_not_say_whose_it_is_is_refused() -> None:
    _, link = RECORDS["issue_links"]
    _, commit = RECORDS["commits"]
    landed = land(
        {
            "links.json": json.dumps([{**link, "_request": None}]),
            "commits.json": json.dumps([{**commit, "_request": None}]),
            "approvals.json": json.dumps({"user_has_approved": False, "approved": True}),
        }
    )
    assert sorted(reason for _, reason in landed.quarantine) == [
        "approvals that do not name their merge request",
        "commit that does not name its merge request",
        "link that does not name its own issue",
    ]


BAD_ISSUES = {
    "issue without id": {"id": None},
    "issue without number": {"iid": " "},
    "issue without created date": {"created_at": None},
    "impossible created date: 2026-02-30T08:00:00Z": {"created_at": "2026-02-30T08:00:00Z"},
    "created date outside its export: 2062-05-01T08:00:00Z": {"created_at": "2062-05-01T08:00:00Z"},
    "impossible closed date: soon": {"closed_at": "soon"},
}


@pytest.mark.parametrize("layout", ["one a line", "a page"])
def test_an_issue_that_cannot_be_used_is_refused_with_its_reason(layout: str) -> None:
    write, _ = LAYOUTS[layout]
    landed = land({f"{n}.json": write(ISSUE, {**ISSUE, **change}) for n, change in enumerate(BAD_ISSUES.values())})
    assert [reason for _, reason in sorted(landed.quarantine)] == list(BAD_ISSUES)
    assert len(landed.rows["issues"]) == len(BAD_ISSUES)


# Values that no field of GitLab's ever has; any of them may cost a record, none of them its neighbours.
ODD = st.sampled_from([None, "", " ", "odd", -1, 1.5, True, [], {}, [None], {"id": None}, "9999-12-31T00:00:00Z"])
FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@st.composite
def spoiled(draw: st.DrawFn, sound: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record some of whose fields are null, odd or missing."""
    record = dict(sound)
    for name in draw(st.lists(st.sampled_from(sorted(record)), max_size=4, unique=True)):
        record[name] = draw(ODD)
    return record


@FEW
@given(data=st.data())
def test_every_record_is_a_row_or_in_the_quarantine(data: st.DataObject) -> None:
    write, _ = LAYOUTS[data.draw(st.sampled_from(sorted(LAYOUTS)))]
    records = {
        entity: [sound, *data.draw(st.lists(spoiled(sound), min_size=1, max_size=3))]
        for entity, (_, sound) in RECORDS.items()
    }
    landed = land({f"{entity}.json": write(*listed) for entity, listed in records.items()})
    refused = Counter(file for file, _ in landed.quarantine)
    for entity, listed in records.items():
        file = f"exports/main/{entity}.json"
        loaded = [row for row in landed.rows[RECORDS[entity][0]] if row["export_file"] == file]
        assert len(loaded) + refused[file] == len(listed), entity
        assert loaded, entity
    assert landed.report.n_records == sum(map(len, records.values()))


def test_a_record_of_nothing_is_refused() -> None:
    landed = land(
        {f"{entity}.json": json.dumps([sound, dict.fromkeys(sound), {}]) for entity, (_, sound) in RECORDS.items()}
    )
    assert Counter(file for file, _ in landed.quarantine) == {f"exports/main/{entity}.json": 2 for entity in RECORDS}


@FEW
@given(n_records=st.integers(1, 4), share=st.floats(0, 1), is_array=st.booleans(), has_mark=st.booleans())
def test_a_torn_file_loses_nothing_silently(n_records: int, share: float, is_array: bool, has_mark: bool) -> None:
    records = [{**ISSUE, "id": number} for number in range(n_records)]
    whole = (json.dumps(records) if is_array else _lines(*records)).encode()
    torn = (b"\xef\xbb\xbf" if has_mark else b"") + whole[: int(len(whole) * share)]
    landed = land({"issues.json": torn})
    n_loaded, n_refused = len(landed.rows["issues"]), len(landed.quarantine)
    if share == 1:
        assert (n_loaded, n_refused) == (n_records, 0)
    elif is_array:
        assert (n_loaded, n_refused) == (0, 1)
    else:
        lines = [line for line in torn.decode().split("\n") if line]
        complete = sum(line.endswith("}}") for line in lines)
        assert n_loaded == complete
        assert n_refused == (1 if len(lines) > complete or not lines else 0)


def test_a_byte_order_mark_before_lines_costs_no_record() -> None:
    landed = land({"issues.ndjson": b"\xef\xbb\xbf" + _lines(ISSUE, {**ISSUE, "id": 2}).encode()})
    assert len(landed.rows["issues"]) == 2
    assert landed.quarantine == []


WRONG = {
    "another encoding": json.dumps([ISSUE], ensure_ascii=False).encode("utf-16"),
    "half an encoding": json.dumps([ISSUE], ensure_ascii=False).encode("cp1252"),
    "an empty file": b"",
    "a login page": b"<!doctype html><title>Sign in</title>",
    "pages written one after the other": (json.dumps([ISSUE]) * 2).encode(),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_cannot_be_read_is_named_with_a_reason(case: str) -> None:
    landed = land({"issues.json": WRONG[case], "sound.json": json.dumps([ISSUE])})
    assert [file for file, _ in landed.quarantine] == ["exports/main/issues.json"]
    assert len(landed.rows["issues"]) == 1
    assert len(landed.report.messages) == 1


@FEW
@given(order=st.permutations(range(6)), again=st.lists(st.integers(0, 5), max_size=4))
def test_neither_order_nor_repetition_changes_what_is_known(order: list[int], again: list[int]) -> None:
    issues = [{**ISSUE, "id": number, "title": f"Issue {number}"} for number in range(6)]
    pages = [[issues[number] for number in part] for part in (order[:3], order[3:], again) if part]
    landed = land({f"issues-{number}.json": json.dumps(page) for number, page in enumerate(pages)})
    assert landed.quarantine == []
    assert {(row["issue_id"], row["title"]) for row in landed.rows["issues"]} == {
        (str(number), f"Issue {number}") for number in range(6)
    }
    distinct = {json.dumps(page): page for page in pages}
    assert len(landed.rows["issues"]) == sum(map(len, distinct.values()))


def test_a_gigantic_field_is_read_or_its_file_refused() -> None:
    gigantic = {**ISSUE, "id": 2, "description": "x" * (3 << 20)}
    landed = land(
        {
            "later.json": json.dumps([ISSUE, gigantic]),
            "lines.ndjson": _lines(ISSUE, gigantic),
            # What is known of it ends before anything that tells an issue from a merge request.
            "first.json": json.dumps([gigantic, ISSUE]),
        }
    )
    assert Counter(row["export_file"] for row in landed.rows["issues"]) == {
        "exports/main/later.json": 2,
        "exports/main/lines.ndjson": 2,
    }
    assert landed.quarantine == [("exports/main/first.json", "not a file that gitlab exports")]
