"""What Jira's exports bring beside issues and their changes: CSV, worklogs, links, sprints, boards, versions, archived.

Belongs here: files of Jira through the whole landing. Does not belong here: what is true of every tool's files
(``test_landing``), and telling the files apart (``tests/unit/sources``).
"""

import csv
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.sources import SourceSettings
from orchestration.warehouse import LandingReport, connect, land_source

LOADED_AT = datetime(2026, 7, 1, 2, tzinfo=UTC)
EXPORTS = "exports/main"
NAVIGATOR = SourceSettings(date_format="%d/%b/%y %-I:%M %p", timezone="Europe/Berlin")
HEADER = ["Summary", "Issue key", "Issue id", "Issue Type", "Status", "Created", "Updated", "Resolved"]
BARE: dict[str, Any] = {"created": "2026-01-05T09:00:00.000+0100"}

Land = Callable[..., LandingReport]


@dataclass(frozen=True)
class _Source:
    id: str = "main"
    tool: str = "jira"
    exports: str = EXPORTS


def _land(folder: Path, files: dict[str, str], read_as: SourceSettings) -> tuple[LandingReport, Any]:
    for name, content in files.items():
        file = folder / EXPORTS / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode())
    warehouse = connect(folder / "warehouse.build.duckdb")
    return land_source(warehouse, _Source(), read_as, folder, "r1", LOADED_AT), warehouse


@pytest.fixture
def landed(tmp_path: Path) -> Callable[..., tuple[LandingReport, duckdb.DuckDBPyConnection]]:
    """Return a function that lands files by name and content."""
    return lambda files, read_as=NAVIGATOR: _land(tmp_path, files, read_as)


def _csv(*rows: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _issue(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "key": f"A-{number}",
        "self": f"https://jira.example/rest/api/2/issue/{number}",
        "fields": {**BARE, **fields},
    }


def _page(*issues: dict[str, Any]) -> str:
    return json.dumps({"issues": issues})


def _row(number: int, created: str = "05/Jan/26 9:05 AM", resolved: str = "") -> list[str]:
    return [f"Issue {number}", f"A-{number}", str(number), "Story", "Done", created, "07/Jan/26 3:05 PM", resolved]


def test_a_csv_brings_what_an_issue_has_under_repeated_headers_and_over_several_lines(landed):
    header = [
        *HEADER, "Labels", "Labels", "Sprint", "Sprint", "Fix Version/s", "Component/s", "Affects Version/s",
        "Outward issue link (Blocks)", "Outward issue link (Blocks)", "Inward issue link (Duplicate)", "Parent id",
        "Status Category", "Project key", "Comment", "Comment",
    ]  # fmt: skip
    row = [
        *_row(1, resolved="06/Jan/26 12:00 PM"), "ux", "web", "Sprint 6", "", "1.0", "Cards", "0.9", "A-2", "B-7",
        "A-3", "77", "Done", "A", 'first line\nsecond; line, "quoted"', "",
    ]  # fmt: skip
    report, warehouse = landed({"jira.csv": _csv(header, row)})
    assert (report.n_records, report.n_quarantined, report.messages) == (1, 0, [])
    assert warehouse.execute(
        "select issue_id, issue_key, project_key, is_subtask, status_name, status_category, labels, components,"
        " fix_versions, affected_versions, parent_ref, n_histories_announced, n_histories_embedded from raw_jira.issues"
    ).fetchall() == [
        ("1", "A-1", "A", True, "Done", "done", ["ux", "web"], ["Cards"], ["1.0"], ["0.9"], "77", None, None)
    ]
    # Berlin is an hour ahead of UTC in January.
    assert warehouse.execute("select created, resolved from raw_jira.issues").fetchall() == [
        (datetime(2026, 1, 5, 8, 5, tzinfo=UTC), datetime(2026, 1, 6, 11, tzinfo=UTC))
    ]
    assert warehouse.execute(
        "select issue_id, direction, direction_text, linked_issue_key from raw_jira.issue_links order by all"
    ).fetchall() == [
        ("1", "inward", "is duplicated by", "A-3"),
        ("1", "outward", "blocks", "A-2"),
        ("1", "outward", "blocks", "B-7"),
    ]
    assert warehouse.execute("select sprint_id, sprint_name from raw_jira.issue_sprints").fetchall() == [
        (None, "Sprint 6")
    ]


def test_a_csv_of_an_instance_in_another_language_is_read_by_its_declared_columns(landed):
    columns = {"key": "Vorgangsschlüssel", "created": "Erstellt", "blocked_by": "Wartet auf", "team": "Mannschaft"}
    header = ["Zusammenfassung", "Vorgangsschlüssel", "Erstellt", "Stichwort", "Stichwort", "Wartet auf", "Mannschaft"]
    row = ["Titel", "A-1", "2026-01-05 09:00", "", "", "A-2", "Rot"]
    report, warehouse = landed({"jira.csv": _csv(header, row)}, SourceSettings(columns=columns))
    assert (report.n_records, report.n_quarantined) == (1, 0)
    assert warehouse.execute("select issue_key, created, team ->> '$' from raw_jira.issues").fetchall() == [
        ("A-1", datetime(2026, 1, 5, 9, tzinfo=UTC), "Rot")
    ]
    assert warehouse.execute("select direction_text, linked_issue_key from raw_jira.issue_links").fetchall() == [
        ("is blocked by", "A-2")
    ]


def test_a_declared_column_that_a_csv_lacks_is_a_reason_to_refuse_the_file(landed):
    report, _ = landed({"jira.csv": _csv(HEADER, _row(1))}, SourceSettings(columns={"created": "Erstellt"}))
    assert "Erstellt" in report.messages[0]


def test_a_mapped_custom_field_stands_under_its_name(landed):
    mapped = SourceSettings(fields={"estimate": "customfield_7"}, date_format=NAVIGATOR.date_format)
    fields = json.dumps([{"id": "customfield_7", "name": "Story Points", "custom": True}])
    content = _csv([*HEADER, "Custom field (Story Points)"], [*_row(1), "5"])
    _, warehouse = landed({"fields.json": fields, "jira.csv": content}, mapped)
    assert warehouse.execute("select estimate ->> '$' from raw_jira.issues").fetchall() == [("5",)]


BAD_ROWS = {
    "without a key": (["x", "", *_row(1)[2:]], "issue without key; its column is named by format: columns: key"),
    "no issue": (["x", "Total: 12", *_row(1)[2:]], "not the key of an issue"),
    "without created": (_row(1, created=""), "issue without created; its column is named by format: columns: created"),
    "another date format": (
        _row(1, created="5.1.2026"),
        "impossible created date: 5.1.2026; its form is declared by format: date_format",
    ),
    "no such day": (
        _row(1, resolved="31/Feb/26 9:00 AM"),
        "impossible resolved date: 31/Feb/26 9:00 AM; its form is declared by format: date_format",
    ),
    "after its export": (_row(1, created="2206-01-05"), "created date outside its export: 2206-01-05"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_row_that_cannot_be_used_is_quarantined_with_its_reason(case, landed):
    row, reason = BAD_ROWS[case]
    report, warehouse = landed({"jira.csv": _csv(HEADER, row, _row(2))})
    assert (report.n_records, report.n_quarantined) == (2, 1)
    assert warehouse.execute("select issue_key from raw_jira.issues").fetchall() == [("A-2",)]
    assert warehouse.execute("select record_number, reason from quality.quarantined_records").fetchall() == [
        (1, reason)
    ]


def test_without_a_declared_date_format_only_iso_8601_is_read(landed):
    content = _csv(HEADER, _row(1), [*_row(2)[:5], "2026-01-05T09:05:00+01:00", "2026-01-07 15:05", ""])
    report, warehouse = landed({"jira.csv": content}, SourceSettings())
    assert (report.n_records, report.n_quarantined) == (2, 1)
    assert warehouse.execute("select issue_key, created, updated from raw_jira.issues").fetchall() == [
        ("A-2", datetime(2026, 1, 5, 8, 5, tzinfo=UTC), datetime(2026, 1, 7, 15, 5, tzinfo=UTC))
    ]


def test_people_are_not_read_from_a_csv(landed):
    header = [*HEADER, "Assignee", "Reporter", "Creator", "Watchers", "Log Work", "Comment"]
    row = [*_row(1), *["No Body"] * 4, "done;05/Jan/26 9:00 AM;No Body;3600", "05/Jan/26;No Body;hello"]
    _, warehouse = landed({"jira.csv": _csv(header, row)})
    for schema, table in warehouse.execute("select table_schema, table_name from information_schema.tables").fetchall():
        assert "Body" not in str(warehouse.execute(f"select * from {schema}.{table}").fetchall()), table


WORKLOG = {
    "id": "100",
    "issueId": "1",
    "self": "https://jira.example/rest/api/2/issue/1/worklog/100",
    "author": {"displayName": "No Body"},
    "started": "2026-01-05T17:07:00.000+0800",
    "updated": "2026-01-05T18:00:00.000+0800",
    "timeSpentSeconds": 5400,
}
WORKLOG_FILES = {
    "page": json.dumps({"startAt": 0, "total": 1, "worklogs": [WORKLOG]}),
    "pretty-printed page": json.dumps({"startAt": 0, "total": 1, "worklogs": [WORKLOG]}, indent=2),
    "array": json.dumps([WORKLOG]),
    "one a line": json.dumps(WORKLOG) + "\n",
    "by its address": json.dumps({"worklogs": [{**WORKLOG, "issueId": None}]}),
    "embedded": _page(_issue(1, worklog={"total": 1, "worklogs": [{**WORKLOG, "issueId": None, "self": None}]})),
}


@pytest.mark.parametrize("case", WORKLOG_FILES)
def test_worklogs_are_read_wherever_they_come_without_the_person(case, landed):
    report, warehouse = landed({"worklogs.json": WORKLOG_FILES[case]})
    assert (report.n_records, report.n_quarantined, report.messages) == (1, 0, [])
    assert warehouse.execute("select issue_ref, worklog_id, started, seconds from raw_jira.worklogs").fetchall() == [
        ("1", "100", datetime(2026, 1, 5, 9, 7, tzinfo=UTC), 5400)
    ]


def test_a_worklog_on_no_day_is_quarantined_wherever_it_comes(landed):
    odd = {**WORKLOG, "started": "2026-02-30T09:00:00.000+0000"}
    files = {
        "page.json": json.dumps({"worklogs": [odd, WORKLOG]}),
        "issues.json": _page(_issue(1, worklog={"worklogs": [odd]})),
    }
    report, warehouse = landed(files)
    assert report.n_quarantined == 2
    assert {reason for (reason,) in warehouse.execute("select reason from quality.quarantined_records").fetchall()} == {
        "worklog with an impossible date: 2026-02-30T09:00:00.000+0000"
    }
    assert warehouse.execute("select count(*) from raw_jira.issues").fetchone() == (1,)


def test_a_link_keeps_its_direction_in_the_tools_own_words(landed):
    kind = {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"}
    links = [
        {"id": "5", "type": kind, "inwardIssue": {"id": "2", "key": "A-2"}},
        {"id": "6", "type": kind, "outwardIssue": {"id": "3", "key": "A-3"}},
    ]
    _, warehouse = landed({"issues.json": _page(_issue(1, issuelinks=links))})
    assert warehouse.execute(
        "select link_id, link_type, direction, direction_text, linked_issue_id, linked_issue_key"
        " from raw_jira.issue_links order by all"
    ).fetchall() == [
        ("5", "Blocks", "inward", "is blocked by", "2", "A-2"),
        ("6", "Blocks", "outward", "blocks", "3", "A-3"),
    ]


SPRINT = {
    "Cloud": [{"id": 7, "name": "Sprint, 7", "state": "active", "boardId": 3, "goal": "Pay by card",
               "startDate": "2026-01-05T08:00:00.000Z", "endDate": "2026-01-19T08:00:00.000Z"}],
    "Data Center": ["com.atlassian.greenhopper.service.sprint.Sprint@1f[id=7,rapidViewId=3,state=ACTIVE,name=Sprint, 7,"
                    "startDate=2026-01-05T09:00:00.000+01:00,endDate=2026-01-19T09:00:00.000+01:00,"
                    "completeDate=<null>,activatedDate=<null>,sequence=7,goal=Pay by card]"],
}  # fmt: skip


@pytest.mark.parametrize("edition", SPRINT)
def test_a_sprint_is_read_as_cloud_and_as_data_center_write_it(edition, landed):
    mapped = SourceSettings(fields={"sprint": "customfield_9"})
    _, warehouse = landed({"issues.json": _page(_issue(1, customfield_9=SPRINT[edition]))}, mapped)
    assert warehouse.execute(
        "select sprint_id, sprint_name, state, board_id, goal, started, planned_end, completed"
        " from raw_jira.issue_sprints"
    ).fetchall() == [
        ("7", "Sprint, 7", "active", "3", "Pay by card",
         datetime(2026, 1, 5, 8, tzinfo=UTC), datetime(2026, 1, 19, 8, tzinfo=UTC), None)
    ]  # fmt: skip


def test_a_board_knows_the_sprints_and_the_epic_of_its_issues_without_a_mapping(landed):
    fields = {"sprint": SPRINT["Cloud"][0], "closedSprints": [{"id": 6, "name": "Sprint 6", "state": "closed"}]}
    _, warehouse = landed({"issues.json": _page(_issue(1, epic={"id": 9, "key": "A-9"}, **fields))})
    assert warehouse.execute("select sprint_id, state from raw_jira.issue_sprints order by all").fetchall() == [
        ("6", "closed"),
        ("7", "active"),
    ]
    assert warehouse.execute("select epic_ref from raw_jira.issues").fetchall() == [("A-9",)]


def test_boards_sprints_with_goals_and_versions(landed):
    board = {"id": 3, "name": "Cards", "type": "scrum", "location": {"projectKey": "A", "displayName": "No Body"}}
    sprint = {"id": 7, "name": "Sprint 7", "state": "closed", "originBoardId": 3, "goal": "Pay by card"}
    version = {
        "id": "11",
        "name": "1.0",
        "projectId": 5,
        "released": True,
        "archived": False,
        "releaseDate": "2026-02-01",
    }
    files = {
        "board.json": json.dumps({"maxResults": 50, "isLast": True, "values": [board]}),
        "sprint.json": json.dumps({"values": [sprint]}, indent=1),
        "versions.json": json.dumps([version]),
        "version-page.json": json.dumps({"isLast": True, "values": [{**version, "id": "12", "released": False}]}),
    }
    report, warehouse = landed(files)
    assert (report.n_records, report.n_quarantined, report.messages) == (4, 0, [])
    assert warehouse.execute(
        "select board_id, board_name, board_type, project_key from raw_jira.boards"
    ).fetchall() == [("3", "Cards", "scrum", "A")]
    assert warehouse.execute("select sprint_id, goal, board_id from raw_jira.sprints").fetchall() == [
        ("7", "Pay by card", "3")
    ]
    assert warehouse.execute(
        "select version_id, version_name, project_ref, is_released, released from raw_jira.versions order by all"
    ).fetchall() == [("11", "1.0", "5", True, date(2026, 2, 1)), ("12", "1.0", "5", False, date(2026, 2, 1))]


@pytest.mark.parametrize("field", ["archivedDate", "archiveddate"])
def test_an_archived_issue_is_told_in_either_spelling(field, landed):
    _, warehouse = landed({"issues.json": _page(_issue(1, **{field: "2026-03-01T00:00:00.000+0000"}), _issue(2))})
    assert warehouse.execute(
        "select issue_key, is_archived, archived from raw_jira.issues order by all"
    ).fetchall() == [
        ("A-1", True, datetime(2026, 3, 1, tzinfo=UTC)),
        ("A-2", False, None),
    ]


def test_versions_and_address_of_an_issue(landed):
    fields = {"fixVersions": [{"id": "11", "name": "1.0"}], "versions": [{"id": "10", "name": "0.9"}]}
    _, warehouse = landed({"issues.json": _page(_issue(1, **fields))})
    assert warehouse.execute("select fix_versions, affected_versions, web_url from raw_jira.issues").fetchall() == [
        (["1.0"], ["0.9"], "https://jira.example/browse/A-1")
    ]


def test_a_standard_field_may_be_mapped(landed):
    mapped = SourceSettings(fields={"parent": "parent", "sprint": "sprint"})
    _, warehouse = landed({"issues.json": _page(_issue(1, parent={"id": "9", "key": "A-9"}))}, mapped)
    assert warehouse.execute("select parent ->> '$.key' from raw_jira.issues").fetchall() == [("A-9",)]


def test_bulk_changelogs_count_their_dates_in_milliseconds(landed):
    histories = [
        {"id": "1", "created": moment, "items": [{"field": "status", "to": "3", "toString": "Build"}]}
        for moment in (1767600000000, 1767600000, "2026-01-05T08:00:00.000+0000", "then")
    ]
    content = json.dumps({"issueChangeLogs": [{"issueId": "1", "changeHistories": histories}]})
    report, warehouse = landed({"bulk.json": content})
    assert report.n_quarantined == 1
    assert warehouse.execute("select distinct changed from raw_jira.issue_changes").fetchall() == [
        (datetime(2026, 1, 5, 8, tzinfo=UTC),)
    ]


# Printable text of all scripts, with what separates and quotes in a CSV, and no carriage return within a cell.
_CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")) | st.sampled_from(',;"\n\t|'), max_size=12
)
_DATES = (
    st.sampled_from(["05/Jan/26 9:05 AM", "2026-01-05T09:05:00+0100", "2026-01-05", "", "32/Jan/26 9:05 AM"]) | _CELLS
)
_ROWS = st.lists(
    st.tuples(_CELLS, st.sampled_from(["A-1", "A-2", ""]) | _CELLS, _CELLS, _CELLS, _CELLS, _DATES, _DATES, _DATES),
    max_size=8,
)


def _accounted(files: dict[str, str], read_as: SourceSettings) -> tuple[int, int, LandingReport]:
    """Return rows of issues, records refused in any way, and the report."""
    with tempfile.TemporaryDirectory() as folder:
        report, warehouse = _land(Path(folder), files, read_as)
        (loaded,) = warehouse.execute("select count(*) from raw_jira.issues").fetchone()
        (refused,) = warehouse.execute("select count(*) from quality.quarantined_records").fetchone()
        warehouse.close()
    return loaded, refused, report


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=_ROWS)
def test_every_row_of_a_csv_is_loaded_or_quarantined(rows: list[tuple[str, ...]]) -> None:
    loaded, refused, report = _accounted({"jira.csv": _csv(HEADER, _row(1), *map(list, rows))}, NAVIGATOR)
    assert loaded + refused == report.n_records == len(rows) + 1
    assert loaded >= 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=8) | _DATES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "key", "name", "created", "items", "value"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_FIELD_NAMES = ("created", "updated", "resolutiondate", "status", "labels", "parent", "sprint", "issuelinks", "worklog",
                "fixVersions", "archivedDate", "customfield_9")  # fmt: skip
_ISSUES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers(1, 9) | _JSON,
        "key": st.sampled_from(["A-1", "A-2"]) | _JSON,
        "fields": st.dictionaries(st.sampled_from(_FIELD_NAMES), _JSON, max_size=6) | _JSON,
        "changelog": _JSON,
    },
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents=st.lists(_ISSUES, max_size=6))
def test_every_line_of_json_is_loaded_or_quarantined(documents: list[dict[str, Any]]) -> None:
    content = "".join(json.dumps(document) + "\n" for document in [_issue(7), *documents])
    loaded, refused, report = _accounted({"issues.ndjson": content}, SourceSettings(fields={"sprint": "customfield_9"}))
    assert report.n_records == len(documents) + 1
    # Parts of an issue may be quarantined although the issue itself is loaded.
    assert 1 <= loaded <= report.n_records <= loaded + refused
    assert report.n_quarantined == refused
