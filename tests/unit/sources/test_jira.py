"""Which files Jira's exports are recognised in, also torn, renamed or pretty-printed ones."""

import json

import pytest

from orchestration.sources import jira, jira_files

ISSUE = {"id": "1", "key": "A-1", "fields": {"created": "2026-01-05T09:00:00.000+0100"}}
HISTORY = {"id": "7", "created": "2026-01-06T09:00:00.000+0100", "items": [{"field": "status"}]}

RECOGNISED = {
    "one issue a line": ("x.ndjson", json.dumps(ISSUE) + "\n" + json.dumps(ISSUE), "issues"),
    "issues after a torn line": ("x.ndjson", '{"id": "1", "ke\n' + json.dumps(ISSUE), "issues"),
    "issues after noise": ("x.ndjson", "noise\n" + json.dumps(ISSUE), "issues"),
    "an issue line longer than what is read": ("x.ndjson", json.dumps(ISSUE)[:-20], "issues"),
    "byte order mark": ("x.ndjson", "\ufeff" + json.dumps(ISSUE), "issues"),
    "search page v2": ("x.json", json.dumps({"startAt": 0, "total": 1, "issues": [ISSUE]}), "issue_pages"),
    "search page v3": ("x.json", json.dumps({"issues": [ISSUE], "nextPageToken": "t"}), "issue_pages"),
    "pretty-printed page": ("x.json", json.dumps({"startAt": 0, "issues": [ISSUE]}, indent=2), "issue_pages"),
    "page with one issue a line": ("x.json", '{"issues": [\n' + json.dumps(ISSUE) + ",\n", "issue_pages"),
    "page longer than what is read": ("x.json", json.dumps({"issues": [ISSUE] * 3})[:-40], "issue_pages"),
    "empty page": ("x.json", json.dumps({"issues": [], "total": 0}), "issue_pages"),
    "array of issues": ("x.json", json.dumps([ISSUE]), "issue_array"),
    "one pretty-printed issue": ("x.json", json.dumps(ISSUE, indent=1), "issue_documents"),
    "changelog page": ("x.json", json.dumps({"self": "s", "values": [HISTORY]}), "changelog_pages"),
    "empty changelog page": ("A-1-changelog.json", json.dumps({"values": []}), "changelog_pages"),
    "pretty-printed changelog page": ("x.json", json.dumps({"values": [HISTORY]}, indent=2), "changelog_pages"),
    "bulk changelogs": ("x.json", json.dumps({"issueChangeLogs": []}), "bulk_changelog_pages"),
    "sprints": ("x.json", json.dumps({"values": [{"id": 1, "state": "closed", "originBoardId": 2}]}), "sprint_pages"),
    "statuses": ("x.json", json.dumps([{"id": "1", "name": "Open", "statusCategory": {"key": "new"}}]), "statuses"),
    "fields": ("x.json", json.dumps([{"id": "customfield_1", "name": "Team", "custom": True}]), "fields"),
    "fields by name only": ("fields.json", json.dumps([{"id": "customfield_1", "name": "Team"}]), "fields"),
    "empty file": ("x.json", "", None),
    "text": ("x.json", "hello", None),
    "another tool's array": ("x.json", json.dumps([{"id": 1, "name": "a build"}]), None),
    "another tool's document": ("x.json", json.dumps({"builds": []}), None),
}


@pytest.mark.parametrize("case", RECOGNISED)
def test_recognises(case: str) -> None:
    name, head, kind = RECOGNISED[case]
    assert jira_files.recognise(name, head) == kind


def test_custom_fields_are_part_of_what_is_read() -> None:
    plain = jira.kinds({}, {})["issues"]
    mapped = jira.kinds({"estimate": "customfield_10016"}, {})["issues"]
    assert "customfield_10016" not in plain.record_columns["fields"]
    assert "customfield_10016" in mapped.record_columns["fields"]
    assert plain != mapped


def test_a_server_changelog_names_a_custom_field_by_its_name() -> None:
    kinds = jira.kinds({"flagged": "customfield_10021"}, {"customfield_10021": "It's blocked"})
    assert "'it''s blocked'" in kinds["issues"].selects["issue_changes"]
