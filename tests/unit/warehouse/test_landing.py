"""Exports of every layout land with lineage; what cannot be read is quarantined with file, line and reason."""

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.sources import SourceSettings
from orchestration.warehouse import LandingReport, connect, land_source, newest_complete_moment

LOADED_AT = datetime(2026, 7, 1, 2, tzinfo=UTC)
EXPORTS = "exports/main"


@dataclass(frozen=True)
class _Source:
    id: str = "main"
    tool: str = "jira"
    exports: str = EXPORTS


def issue(number: int, **fields: Any) -> dict[str, Any]:
    """Return an issue as Jira exports it, with one status change."""
    return {
        "id": str(10000 + number),
        "key": f"A-{number}",
        "fields": {
            "created": "2026-01-05T09:00:00.000+0100",
            "updated": "2026-01-07T09:00:00.000+0100",
            "status": {"id": "3", "name": "In Arbeit – später", "statusCategory": {"key": "indeterminate"}},
            "issuetype": {"name": "Story", "subtask": False},
            "project": {"key": "A"},
            "assignee": {"accountId": "nobody", "displayName": "No Body"},
            **fields,
        },
        "changelog": {
            "total": 1,
            "histories": [
                {
                    "id": str(number),
                    "created": "2026-01-06T09:00:00.000+0100",
                    "items": [
                        {"field": "status", "from": "1", "fromString": "Offen", "to": "3", "toString": "In Arbeit"},
                        {"field": "assignee", "from": None, "fromString": None, "to": "n", "toString": "No Body"},
                    ],
                }
            ],
        },
    }


@pytest.fixture
def warehouse(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    return connect(tmp_path / "warehouse.build.duckdb")


@pytest.fixture
def drop(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Return a function that drops a file into the export folder."""

    def write(name: str, content: str | bytes) -> Path:
        file = tmp_path / EXPORTS / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write


@pytest.fixture
def land(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., LandingReport]:
    """Return a function that lands the folder."""

    def run(fields: dict[str, str] | None = None) -> LandingReport:
        settings = SourceSettings(fields=fields or {})
        return land_source(warehouse, _Source(), settings, tmp_path, "r1", LOADED_AT)

    return run


def lines(*documents: Any) -> str:
    """Return one document a line."""
    return "".join(json.dumps(document) + "\n" for document in documents)


LAYOUTS = {
    "issues.ndjson": lines(issue(1), issue(2)),
    "issues.jsonl": lines(issue(1), issue(2)),
    "issues.ndjson.gz": gzip.compress(lines(issue(1), issue(2)).encode()),
    "page-v2.json": json.dumps({"startAt": 0, "maxResults": 50, "total": 2, "issues": [issue(1), issue(2)]}),
    "page-v3.json": json.dumps({"issues": [issue(1), issue(2)], "isLast": True}),
    "page-pretty.json": json.dumps({"issues": [issue(1), issue(2)]}, indent=2),
    "page.json.gz": gzip.compress(json.dumps({"issues": [issue(1), issue(2)]}).encode()),
    "array.json": json.dumps([issue(1), issue(2)]),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_same_rows(
    name: str,
    drop: Callable[[str, str | bytes], Path],
    land: Callable[..., LandingReport],
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    drop(name, LAYOUTS[name])
    report = land()
    assert (report.n_records, report.n_quarantined, report.messages) == (2, 0, [])
    assert warehouse.execute(
        "select issue_key, created, status_name, export_file from raw_jira.issues order by all"
    ).fetchall() == [
        (f"A-{n}", datetime(2026, 1, 5, 8, tzinfo=UTC), "In Arbeit – später", f"{EXPORTS}/{name}") for n in (1, 2)
    ]
    assert warehouse.execute(
        "select issue_ref, history_id, field, from_value, to_value, origin from raw_jira.issue_changes order by all"
    ).fetchall() == [
        ("10001", "1", "assignee", None, None, "embedded"),
        ("10001", "1", "status", "Offen", "In Arbeit", "embedded"),
        ("10002", "2", "assignee", None, None, "embedded"),
        ("10002", "2", "status", "Offen", "In Arbeit", "embedded"),
    ]


def test_people_are_not_read(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    drop("issues.ndjson", lines(issue(1)) + '{"id": "2", "assignee": "No Body", torn\n')
    land()
    for schema, table in warehouse.execute("select table_schema, table_name from information_schema.tables").fetchall():
        assert "Body" not in str(warehouse.execute(f"select * from {schema}.{table}").fetchall()), table


BAD_LINES = {
    "not JSON": ('{"id": "9", "key": "A-9", "fie', "not JSON"),
    "a list": ("[1, 2]", "not a JSON object of an issue"),
    "without key": (json.dumps({**issue(9), "key": None}), "issue without key"),
    "without created": (json.dumps(issue(9, created=None)), "issue without created"),
    "no such day": (
        json.dumps(issue(9, created="2026-02-30T09:00:00.000+0000")),
        "impossible created date: 2026-02-30T09:00:00.000+0000",
    ),
    "in the future of its export": (
        json.dumps(issue(9, created="2206-02-03T09:00:00.000+0000")),
        "created date outside its export: 2206-02-03T09:00:00.000+0000",
    ),
    "updated on no day": (json.dumps(issue(9, updated="yesterday")), "impossible updated date: yesterday"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_bad_line_is_quarantined_with_its_number_and_the_rest_is_loaded(
    case: str,
    drop: Callable[[str, str | bytes], Path],
    land: Callable[..., LandingReport],
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    line, reason = BAD_LINES[case]
    drop("issues.ndjson", lines(issue(1)) + "\n" + line + "\n" + lines(issue(2)))
    report = land()
    assert (report.n_records, report.n_quarantined) == (3, 1)
    quarantined = warehouse.execute("select export_file, line_number, reason from quality.quarantined_records")
    found = quarantined.fetchall()
    if case == "a list":
        assert [row[:2] for row in found] == [(f"{EXPORTS}/issues.ndjson", 3)]
    else:
        assert found == [(f"{EXPORTS}/issues.ndjson", 3, reason)]
    assert warehouse.execute("select count(*) from raw_jira.issues").fetchone() == (2,)


def test_a_bad_issue_of_a_page_is_quarantined_with_its_place(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    drop("page.json", json.dumps({"issues": [issue(1), issue(9, created=None), issue(2)]}))
    land()
    assert warehouse.execute(
        "select record_number, record_key, reason from quality.quarantined_records"
    ).fetchall() == [(2, "A-9", "issue without created")]
    assert warehouse.execute("select count(*) from raw_jira.issues").fetchone() == (2,)


def test_a_change_with_an_impossible_date_is_quarantined_and_its_issue_loaded(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    broken = issue(1)
    broken["changelog"]["histories"].append({"id": "8", "created": "2026-13-01", "items": [{"field": "status"}]})
    drop("issues.ndjson", lines(broken))
    assert land().n_quarantined == 1
    assert warehouse.execute("select record_key, reason from quality.quarantined_records").fetchall() == [
        ("A-1", "change with an impossible date: 2026-13-01")
    ]
    assert warehouse.execute("select count(distinct history_id) from raw_jira.issue_changes").fetchone() == (1,)


TORN = {
    "torn page": ("page.json", json.dumps({"issues": [issue(1), issue(2)]})[:-60], "unreadable issue_pages"),
    "torn archive": (
        "issues.ndjson.gz",
        gzip.compress(lines(*(issue(n) for n in range(500))).encode())[:-200],
        "unreadable issues",
    ),
    "foreign file": ("readme.json", "hello", "not a file that jira exports"),
}


@pytest.mark.parametrize("case", TORN)
def test_a_file_that_cannot_be_read_does_not_stop_the_others(
    case: str,
    drop: Callable[[str, str | bytes], Path],
    land: Callable[..., LandingReport],
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    name, content, reason = TORN[case]
    drop(name, content)
    drop("good.ndjson", lines(issue(1)))
    drop("good-page.json", json.dumps({"issues": [issue(2)]}))
    report = land()
    assert len(report.messages) == 1
    assert reason in report.messages[0]
    assert warehouse.execute("select issue_key from raw_jira.issues order by all").fetchall() == [("A-1",), ("A-2",)]
    found = warehouse.execute("select export_file, reason from quality.quarantined_records").fetchall()
    assert [(file, reason in why) for file, why in found] == [(f"{EXPORTS}/{name}", True)]
    assert warehouse.execute("select export_file from quality.export_files where not is_readable").fetchall() == [
        (f"{EXPORTS}/{name}",)
    ]


def test_the_same_content_is_not_loaded_again(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    drop("monday.ndjson", lines(issue(1)))
    land()
    drop("copy-of-monday.ndjson", lines(issue(1)))
    again = land()
    assert (again.n_files_loaded, again.n_files_known) == (0, 2)
    assert warehouse.execute("select count(*) from raw_jira.issues").fetchone() == (1,)


def test_a_file_written_anew_replaces_what_it_had_brought(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    drop("issues.ndjson", lines(issue(1)) + "torn\n")
    land()
    drop("issues.ndjson", lines(issue(2), issue(3)))
    land()
    assert warehouse.execute("select issue_key from raw_jira.issues order by all").fetchall() == [("A-2",), ("A-3",)]
    assert warehouse.execute("select count(*) from quality.quarantined_records").fetchone() == (0,)


def test_a_field_mapped_later_is_filled_in(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    drop("issues.ndjson", lines(issue(1, customfield_10016=5)))
    land()
    assert warehouse.execute("select estimate from raw_jira.issues").fetchall() == [(None,)]
    land({"estimate": "customfield_10016"})
    assert warehouse.execute("select estimate from raw_jira.issues").fetchall() == [("5",)]


def test_changelog_pages_name_their_issue_by_address_record_or_file(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    history = issue(1)["changelog"]["histories"][0]
    drop("a.json", json.dumps({"self": "https://j/rest/api/3/issue/10001/changelog?startAt=0", "values": [history]}))
    drop("b.ndjson", lines({"issueId": "10002", "values": [history]}))
    drop("changelog-A-3.json", json.dumps({"values": [history]}, indent=1))
    drop("d.json", json.dumps({"issueChangeLogs": [{"issueId": "10004", "changeHistories": [history]}]}))
    drop("changelog-e.json", json.dumps({"values": [history], "total": 1}))
    report = land()
    assert warehouse.execute(
        "select distinct issue_ref, origin from raw_jira.issue_changes order by all"
    ).fetchall() == [(ref, "changelog_page") for ref in ("10001", "10002", "10004", "A-3")]
    assert report.n_quarantined == 1
    assert warehouse.execute("select reason from quality.quarantined_records").fetchall() == [
        ("changelog page that does not name its issue",)
    ]


def test_a_manifest_says_up_to_when_a_source_is_complete(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    drop("issues.ndjson", lines(issue(1)))
    land()
    assert newest_complete_moment(warehouse) == datetime(2026, 1, 7, 8, tzinfo=UTC)
    drop(
        "manifest.json", json.dumps({"exported_at": "2026-02-01T02:00:00+01:00", "complete_to": "2026-02-01T00:00:00Z"})
    )
    land()
    assert newest_complete_moment(warehouse) == datetime(2026, 2, 1, tzinfo=UTC)


def test_an_empty_folder_is_said(land: Callable[..., LandingReport]) -> None:
    assert land().messages == [f"main: no export files under {EXPORTS}; drop the tool's exports there."]


def test_many_small_files_lose_no_record(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    for number in range(60):
        drop(f"page-{number:03}.json", json.dumps({"issues": [issue(2 * number), issue(2 * number + 1)]}))
    assert land().n_records == 120
    assert warehouse.execute("select count(distinct issue_id) from raw_jira.issues").fetchone() == (120,)


def test_rotated_files_lose_nothing(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    """Each night the newest export is issues.ndjson, and the ones before move on to issues-1, issues-2 …"""
    for night in (1, 2, 3):
        for age in range(1, night):
            drop(f"issues-{age}.ndjson", lines(issue(night - age)))
        drop("issues.ndjson", lines(issue(night)))
        land()
        found = warehouse.execute("select issue_key, export_file from raw_jira.issues order by all").fetchall()
        names = {f"A-{night - age}": f"{EXPORTS}/issues-{age}.ndjson" for age in range(1, night)}
        assert dict(found) == {**names, f"A-{night}": f"{EXPORTS}/issues.ndjson"}
        assert len(found) == night


def test_two_files_that_swap_their_names_keep_their_rows(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    drop("a.ndjson", lines(issue(1)))
    drop("b.ndjson", lines(issue(2)))
    land()
    drop("a.ndjson", lines(issue(2)))
    drop("b.ndjson", lines(issue(1)))
    land()
    assert warehouse.execute("select issue_key, export_file from raw_jira.issues order by all").fetchall() == [
        ("A-1", f"{EXPORTS}/b.ndjson"),
        ("A-2", f"{EXPORTS}/a.ndjson"),
    ]


def test_of_two_equal_files_the_other_is_loaded_when_the_first_is_overwritten(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    drop("a.ndjson", lines(issue(1)))
    drop("copy.ndjson", lines(issue(1)))
    land()
    drop("a.ndjson", lines(issue(2)))
    land()
    assert warehouse.execute("select issue_key from raw_jira.issues order by all").fetchall() == [("A-1",), ("A-2",)]


@pytest.mark.parametrize("content", ["<html>Please log in</html>", "", '{"errorMessages": ["no"]}'])
def test_a_file_overwritten_with_something_else_keeps_its_last_good_rows_and_counts_as_unreadable(
    content: str,
    drop: Callable[[str, str | bytes], Path],
    land: Callable[..., LandingReport],
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    drop("issues.ndjson", lines(issue(1)))
    land()
    drop("issues.ndjson", content)
    report = land()
    assert warehouse.execute("select issue_key from raw_jira.issues").fetchall() == [("A-1",)]
    assert warehouse.execute("select file_kind, is_readable from quality.export_files").fetchall() == [
        ("issues", False)
    ]
    assert len(report.messages) == 1
    drop("issues.ndjson", lines(issue(2)))
    land()
    assert warehouse.execute("select issue_key from raw_jira.issues").fetchall() == [("A-2",)]
    assert warehouse.execute("select count(*) from quality.quarantined_records").fetchone() == (0,)


def test_wild_dates_move_neither_the_clock_nor_a_life(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    ancient = issue(2)
    ancient["changelog"]["histories"][0]["created"] = "0202-01-06T09:00:00.000+0100"
    drop("issues.ndjson", lines(issue(1), ancient, issue(3, updated="2099-01-01T00:00:00.000+0000")))
    land()
    assert newest_complete_moment(warehouse) == datetime(2026, 1, 7, 8, tzinfo=UTC)
    reasons = warehouse.execute("select record_key, reason from quality.quarantined_records order by all").fetchall()
    assert reasons == [
        ("A-2", "change with an impossible date: 0202-01-06T09:00:00.000+0100"),
        ("A-3", "updated date outside its export: 2099-01-01T00:00:00.000+0000"),
    ]


def test_an_old_manifest_does_not_speak_for_newer_files(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    manifest = drop(
        "manifest.json", json.dumps({"exported_at": "2026-01-02T00:00:00Z", "complete_to": "2026-01-02T00:00:00Z"})
    )
    os.utime(manifest, (1767312000, 1767312000))
    drop("issues.ndjson", lines(issue(1)))
    assert land().n_quarantined == 0
    assert newest_complete_moment(warehouse) == datetime(2026, 1, 7, 8, tzinfo=UTC)


def test_an_entry_without_items_is_counted(
    drop: Callable[[str, str | bytes], Path], land: Callable[..., LandingReport], warehouse: duckdb.DuckDBPyConnection
) -> None:
    hollow = issue(1)
    hollow["changelog"]["histories"].append({"id": "77", "created": "2026-01-06T10:00:00.000+0100", "items": []})
    drop("issues.ndjson", lines(hollow))
    land()
    assert warehouse.execute("select history_id, field from raw_jira.issue_changes where field is null").fetchall() == [
        ("77", None)
    ]
