"""Files are recognised by the tools' own rules and grouped into sources that one line of a portfolio can name."""

import json
from pathlib import Path

from orchestration.export_recognition import FileGroup, RecognisedFile, group_files, recognise_exports

ISSUES = {"issues": [{"id": "1", "key": "A-1", "fields": {"created": "2026-01-05T09:00:00.000+0000"}}]}
CHANGELOG = {"self": "https://x/rest/api/2/issue/1/changelog", "values": [{"id": "1", "items": []}]}
AUDIT_LOG = "number,incident_state,sys_updated_at\nI1,New,01-02-2026 08:00\n"


def write(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def told(groups: list[FileGroup], portfolio: Path) -> list[tuple[str, str, str | None]]:
    return [(group.source_id, group.tool, group.exports(portfolio)) for group in groups]


def test_each_folder_below_is_a_source_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "exports/jira-main/issues.json", ISSUES)
    write(tmp_path, "exports/jira-lending/issues.json", ISSUES)
    write(tmp_path, "exports/desk/log.csv", AUDIT_LOG)

    groups, unknown = recognise_exports([tmp_path / "exports"])

    assert sorted(told(groups, tmp_path)) == [
        ("desk", "servicenow", "exports/desk"),
        ("jira-lending", "jira", "exports/jira-lending"),
        ("jira-main", "jira", "exports/jira-main"),
    ]
    assert unknown == []


def test_folders_of_different_kinds_are_one_source(tmp_path: Path) -> None:
    write(tmp_path, "exports/issues/page-1.json", ISSUES)
    write(tmp_path, "exports/changelogs/page-1.json", CHANGELOG)

    groups, _ = recognise_exports([tmp_path / "exports"])

    assert told(groups, tmp_path) == [("exports", "jira", "exports")]


def test_what_lies_outside_is_named_absolutely(tmp_path: Path) -> None:
    write(tmp_path, "elsewhere/issues.json", ISSUES)

    (group,), _ = recognise_exports([tmp_path / "elsewhere"])

    assert group.exports(tmp_path / "mine") == str(tmp_path / "elsewhere")


def test_a_single_file_is_named_itself(tmp_path: Path) -> None:
    path = write(tmp_path, "drop/issues [1].json", ISSUES)
    write(tmp_path, "drop/notes.json", {"any": "thing"})

    (group,), unknown = recognise_exports([path])

    assert group.source_id == "issues-1"
    assert group.exports(tmp_path) == "drop/issues [[]1].json"
    assert unknown == []


def test_files_of_one_folder_named_one_by_one_are_one_source(tmp_path: Path) -> None:
    paths = [write(tmp_path, "drop/issues.json", ISSUES), write(tmp_path, "drop/changelogs.json", CHANGELOG)]

    (whole,), _ = recognise_exports(paths)
    write(tmp_path, "drop/notes.json", {"any": "thing"})
    (part,), _ = recognise_exports(paths)

    assert (whole.source_id, whole.exports(tmp_path)) == ("drop", "drop")
    assert (part.source_id, part.exports(tmp_path)) == ("drop", None)


def test_files_among_strangers_can_only_be_copied(tmp_path: Path) -> None:
    write(tmp_path, "drop/issues.json", ISSUES)
    write(tmp_path, "drop/more.json", ISSUES)
    stranger = write(tmp_path, "drop/notes.json", {"any": "thing"})

    (group,), unknown = recognise_exports([tmp_path / "drop"])

    assert group.exports(tmp_path) is None
    assert unknown == [stranger]


def test_two_tools_in_one_folder_are_two_sources(tmp_path: Path) -> None:
    write(tmp_path, "drop/issues.json", ISSUES)
    write(tmp_path, "drop/log.csv", AUDIT_LOG)

    groups, _ = recognise_exports([tmp_path / "drop"])

    assert [(group.source_id, group.tool) for group in groups] == [("issues", "jira"), ("log", "servicenow")]


def test_a_table_that_nobody_knows_is_a_log(tmp_path: Path) -> None:
    write(tmp_path, "logs/way.csv", "case,step,at\n1,Open,2026-01-01\n")

    (group,), _ = recognise_exports([tmp_path / "logs"])

    assert group.tool == "event_log"


def test_folders_left_out_and_paths_given_twice(tmp_path: Path) -> None:
    write(tmp_path, "registers/capacity.csv", "team,role\n")
    write(tmp_path, "exports/issues.json", ISSUES)

    groups, unknown = recognise_exports([tmp_path, tmp_path / "exports"], [tmp_path / "registers"])

    assert [(group.tool, len(group.files)) for group in groups] == [("jira", 1)]
    assert unknown == []


def test_grouping_does_not_depend_on_the_order_of_the_files(tmp_path: Path) -> None:
    files = [
        RecognisedFile(tmp_path, tmp_path / folder / f"{number}.json", "jira", "issue_pages")
        for folder in ("b", "a")
        for number in (2, 1)
    ]

    assert group_files(files) == group_files(files[::-1])
    assert [group.source_id for group in group_files(files)] == ["a", "b"]
