"""Redmine's answers land whole, in every form they are saved in; what cannot be read is quarantined; no people."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.sources import SourceSettings, redmine
from tests.unit.sources.log_folder import LogFolder


def issue(number: int, **fields: Any) -> dict[str, Any]:
    """Return an issue as `/issues/{id}.json?include=journals,relations` has it."""
    return {
        "id": number,
        "project": {"id": 1, "name": "Web"},
        "tracker": {"id": 2, "name": "Bug"},
        "status": {"id": 5, "name": "Closed", "is_closed": True},
        "priority": {"id": 4, "name": "Normal"},
        "author": {"id": 8, "name": "No Body"},
        "assigned_to": {"id": 8, "name": "No Body"},
        "subject": "Checkout is slow – sehr",
        "estimated_hours": 2.5,
        "created_on": "2026-01-05T09:00:00Z",
        "updated_on": "2026-01-07T09:00:00Z",
        "closed_on": "2026-01-07T09:00:00Z",
        "custom_fields": [{"id": 7, "name": "Team", "value": "Red"}, {"id": 9, "name": "Contact", "value": "No Body"}],
        "relations": [{"id": 1, "issue_id": 1, "issue_to_id": 2, "relation_type": "blocks", "delay": None}],
        "journals": [
            {
                "id": number * 10,
                "user": {"id": 8, "name": "No Body"},
                "notes": "No Body was here",
                "created_on": "2026-01-06T09:00:00Z",
                "details": [
                    {"property": "attr", "name": "status_id", "old_value": "1", "new_value": "5"},
                    {"property": "attr", "name": "assigned_to_id", "old_value": None, "new_value": "8"},
                    {"property": "cf", "name": "7", "old_value": "Blue", "new_value": "Red"},
                    {"property": "cf", "name": "9", "old_value": None, "new_value": "No Body"},
                ],
            },
            {"id": number * 10 + 1, "created_on": "2026-01-06T10:00:00Z", "notes": "thanks", "details": []},
        ],
        **fields,
    }


@pytest.fixture
def exports(tmp_path: Path) -> LogFolder:
    settings = SourceSettings(fields={"team": "7"}, timezone="Europe/Berlin", date_format="%d.%m.%Y")
    return LogFolder(tmp_path, "redmine", settings)


PAGE = {"issues": [issue(1), issue(2)], "total_count": 2, "offset": 0, "limit": 25}
FORMS = {
    "page.json": json.dumps(PAGE),
    "pretty.json": json.dumps(PAGE, indent=2),
    "sorted.json": json.dumps(dict(sorted(PAGE.items(), reverse=True))),
    "with-bom.json": "\ufeff" + json.dumps(PAGE),
    "issues.ndjson": "\n".join(json.dumps({"issue": each}) for each in PAGE["issues"]),  # type: ignore[attr-defined]
    "lines.ndjson": "\n".join(json.dumps(each) for each in PAGE["issues"]),  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_an_issue_gives_the_same_rows(name: str, exports: LogFolder) -> None:
    exports.drop(name, FORMS[name])
    report = exports.land()
    assert (report.n_records, report.n_quarantined, report.messages) == (2, 0, [])
    assert exports.rows("issues", "issue_id, status_name, is_closed, estimated_hours, team, created, n_journals") == [
        (str(n), "Closed", True, 2.5, '"Red"', datetime(2026, 1, 5, 9, tzinfo=UTC), 2) for n in (1, 2)
    ]
    details = exports.rows("journal_details", "issue_id, name, old_value, new_value")
    assert [row[1:] for row in details if row[0] == "1"] == [
        ("7", "Blue", "Red"),
        ("9", None, None),
        ("assigned_to_id", None, None),
        ("status_id", "1", "5"),
        (None, None, None),
    ]  # fmt: skip
    assert exports.rows("relations", "relation_type, issue_id, issue_to_id") == [("blocks", "1", "2")] * 2


def test_people_are_not_read(exports: LogFolder) -> None:
    exports.drop("page.json", json.dumps(PAGE))
    exports.drop(
        "entries.json",
        json.dumps({"time_entries": [{"id": 1, "issue": {"id": 1}, "user": {"id": 8, "name": "No Body"}, "hours": 1.5,
                                      "comments": "No Body", "spent_on": "2026-01-06"}]}),
    )  # fmt: skip
    exports.land()
    assert "Body" not in exports.everything()


def test_a_page_without_journals_says_that_none_were_asked_for(exports: LogFolder) -> None:
    without = issue(1)
    del without["journals"]
    exports.drop("page.json", json.dumps({"issues": [without]}))
    exports.land()
    assert exports.rows("issues", "n_journals") == [(None,)]


LISTS = {
    "statuses": (
        {"issue_statuses": [{"id": 3, "name": "New", "is_closed": False},
                            {"id": 5, "name": "Closed", "is_closed": True}]},
        "status_id, status_name, is_closed, position",
        [("3", "New", False, 1), ("5", "Closed", True, 2)],
    ),
    "trackers": (
        {"trackers": [{"id": 2, "name": "Bug", "default_status": {"id": 3, "name": "New"}}]},
        "tracker_id, default_status_id",
        [("2", "3")],
    ),
    "projects": ({"projects": [{"id": 1, "name": "Web", "identifier": "web"}]}, "project_name", [("Web",)]),
    "categories": ({"issue_categories": [{"id": 1, "name": "Cart"}]}, "category_name", [("Cart",)]),
    "custom_fields": ({"custom_fields": [{"id": 7, "name": "Team"}]}, "field_id, field_name", [("7", "Team")]),
    "versions": (
        {"versions": [{"id": 1, "name": "1.0", "project": {"id": 1, "name": "Web"}, "status": "locked",
                       "due_date": "2026-02-01"}], "total_count": 1},
        "version_name, project_name, version_status, due",
        [("1.0", "Web", "locked", datetime(2026, 1, 31, 23, tzinfo=UTC))],
    ),
    "time_entries": (
        {"time_entries": [{"id": 1, "issue": {"id": 7}, "hours": 1.5, "spent_on": "2026-01-06"}], "total_count": 1},
        "issue_id, hours, spent",
        [("7", 1.5, datetime(2026, 1, 5, 23, tzinfo=UTC))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("table", LISTS)
def test_lists_are_read(table: str, exports: LogFolder) -> None:
    document, columns, expected = LISTS[table]
    exports.drop("answer.json", json.dumps(document))
    report = exports.land()
    assert (report.n_quarantined, report.messages) == (0, [])
    assert exports.rows(table, columns) == expected


BAD_ISSUES = {
    "without id": ({"id": None}, "issue without id"),
    "without created_on": ({"created_on": None}, "issue without created_on"),
    "no such day": ({"created_on": "2026-02-30T09:00:00Z"}, "impossible created_on: 2026-02-30T09:00:00Z"),
    "after its export": ({"created_on": "2206-02-03T09:00:00Z"}, "created_on outside its export: 2206-02-03T09:00:00Z"),
    "updated on no day": ({"updated_on": "yesterday"}, "impossible updated_on: yesterday"),
    "closed on no day": ({"closed_on": "2206-02-03T09:00:00Z"}, "impossible closed_on: 2206-02-03T09:00:00Z"),
}


@pytest.mark.parametrize("case", BAD_ISSUES)
def test_a_bad_issue_is_quarantined_and_the_rest_is_loaded(case: str, exports: LogFolder) -> None:
    fields, reason = BAD_ISSUES[case]
    exports.drop("page.json", json.dumps({"issues": [issue(1), issue(9, **fields), issue(2)]}))
    report = exports.land()
    assert (report.n_records, report.n_quarantined, exports.reasons()) == (3, 1, [reason])
    assert exports.rows("issues", "issue_id") == [("1",), ("2",)]


def test_a_journal_with_an_impossible_date_is_quarantined_and_its_issue_loaded(exports: LogFolder) -> None:
    broken = issue(1)
    broken["journals"].append({"id": 99, "created_on": "2026-13-01", "details": []})
    exports.drop("issue.json", json.dumps({"issue": broken}))
    exports.land()
    assert exports.reasons() == ["journal with an impossible date: 2026-13-01"]
    assert {row[0] for row in exports.rows("journal_details", "journal_id")} == {"10", "11"}


STRANGERS = ("", "{}", "[]", "null", '{"issues', '{"errors": []}', "<html/>", '{"values": []}', '[{"id": 1}]')


@pytest.mark.parametrize("text", STRANGERS)
def test_strangers_are_not_recognised(text: str) -> None:
    assert redmine.recognise("export.json", text) is None


def test_an_issue_whose_own_lists_look_like_answers_is_an_issue() -> None:
    assert redmine.recognise("a.json", json.dumps({"issue": issue(1, trackers=[{"id": 1}])})) == "issue_documents"
