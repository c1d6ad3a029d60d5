"""Which files Jira's exports are recognised in, also torn, renamed or pretty-printed ones."""

import json

import pytest

from orchestration.sources import SourceSettings, jira

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
    "worklog page": ("x.json", json.dumps({"startAt": 0, "worklogs": []}), "worklog_pages"),
    "worklogs one a line": ("x.ndjson", json.dumps({"issueId": "1", "timeSpentSeconds": 60}), "worklogs"),
    "list of worklogs": ("x.json", json.dumps([{"id": "1", "timeSpentSeconds": 60}]), "worklog_array"),
    "boards": ("x.json", json.dumps({"values": [{"id": 1, "type": "scrum", "location": {}}]}), "board_pages"),
    "empty boards": ("board.json", json.dumps({"values": []}), "board_pages"),
    "versions": ("x.json", json.dumps([{"id": "1", "archived": False, "released": True}]), "versions"),
    "version page": ("x.json", json.dumps({"values": [{"id": "1", "released": True}]}, indent=1), "version_pages"),
    "values that are no records": ("x.json", json.dumps({"values": [1, 2]}), None),
    "an archived issue of Data Center": (
        "x.json",
        json.dumps([{**ISSUE, "fields": {"archiveddate": None}}]),
        "issue_array_of_data_center",
    ),
    "csv of Data Center": ("x.csv", "Summary,Issue key,Issue Type,Status,Created\nx,A-1,Story,Open,x", "issue_csv"),
    "csv of Cloud": ("x.csv", "\ufeffWork type;Work item key;Summary;Status\nStory;A-1;x;Open", "issue_csv"),
    "csv in another language": ("x.csv", "Titel,Schlüssel,Stichwort,Stichwort\nx,A-1,ux,web", "issue_csv"),
    "csv with a line in quotes": ("x.csv", 'Summary,Issue key,Status\n"two\nlines",A-1,Open', "issue_csv"),
    "a log that names issues": ("x.csv", "Item,Activity,Time\nA-1,Build,2026-01-05", None),
    "a csv of something else": ("x.csv", "Key,Value\na,1", None),
    "empty file": ("x.json", "", None),
    "text": ("x.json", "hello", None),
    "another tool's array": ("x.json", json.dumps([{"id": 1, "name": "a build"}]), None),
    "another tool's document": ("x.json", json.dumps({"builds": []}), None),
}


@pytest.mark.parametrize("case", RECOGNISED)
def test_recognises(case: str) -> None:
    name, head, kind = RECOGNISED[case]
    assert jira.recognise(name, head) == kind


def test_custom_fields_are_part_of_what_is_read() -> None:
    plain = jira.kinds(SourceSettings())["issues"]
    mapped = jira.kinds(SourceSettings(fields={"estimate": "customfield_10016"}))["issues"]
    assert "customfield_10016" not in plain.record_columns["fields"]
    assert "customfield_10016" in mapped.record_columns["fields"]
    assert plain != mapped


def test_a_server_changelog_names_a_custom_field_by_its_name() -> None:
    kinds = jira.kinds(
        SourceSettings(fields={"flagged": "customfield_10021"}, field_names={"customfield_10021": "It's blocked"})
    )
    assert "'it''s blocked'" in kinds["issues"].selects["issue_changes"]
