"""`weir init` and `weir check` on made-up exports: a draft that reads the way items went, and what is left open."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orchestration import cli
from orchestration.portfolio import load_portfolio
from orchestration.portfolio_check import check_portfolio
from orchestration.portfolio_draft import DraftError, DraftOptions, draft_portfolio
from orchestration.portfolio_folder import PortfolioFolder

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CATEGORIES = {
    "To Do": ("1", "new"),
    "Coding": ("2", "indeterminate"),
    "Testing": ("3", "indeterminate"),
    "Done": ("4", "done"),
}


def moment(day: float) -> str:
    return (datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def issue(number: int, way: list[str], **fields: Any) -> dict[str, Any]:
    """An issue that went this way, a status a day."""
    identity, category = CATEGORIES[way[-1]]
    return {
        "id": str(1000 + number),
        "key": f"SHOP-{number}",
        "fields": {
            "created": moment(number),
            "updated": moment(number + len(way)),
            "summary": "Made up",
            "project": {"id": "1", "key": "SHOP"},
            "issuetype": {"id": "1", "name": "Story", "subtask": False},
            "status": {"id": identity, "name": way[-1], "statusCategory": {"key": category}},
            "resolution": {"name": "Duplicate"} if number == 3 else None,
            "resolutiondate": moment(number + len(way)) if way[-1] == "Done" else None,
            "labels": [],
            "components": [],
            **fields,
        },
        "changelog": {
            "total": len(way) - 1,
            "histories": [
                {
                    "id": str(10 * number + step),
                    "created": moment(number + step),
                    "items": [
                        {
                            "field": "status",
                            "from": CATEGORIES[left][0],
                            "fromString": left,
                            "to": CATEGORIES[entered][0],
                            "toString": entered,
                        }
                    ],
                }
                for step, (left, entered) in enumerate(pairwise(way), start=1)
            ],
        },
    }


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drop") / "shop"
    folder.mkdir()
    ways = [["To Do", "Coding", "Testing", "Done"], ["To Do", "Coding", "Testing", "Coding"], ["To Do"]]
    issues = [issue(number, ways[number % 3], customfield_7=number % 5 + 1) for number in range(12)]
    issues.append(issue(20, ["To Do", "Done"], issuetype={"id": "5", "name": "Sub-task", "subtask": True}))
    (folder / "issues.json").write_text(json.dumps({"issues": issues}), encoding="utf-8")
    fields = [
        {"id": "customfield_7", "name": "Story Points", "custom": True, "schema": {"type": "number"}},
        {"id": "customfield_8", "name": "Flagged", "custom": True, "schema": {"type": "array"}},
    ]
    (folder / "fields.json").write_text(json.dumps(fields), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def drafted(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("portfolios") / "mine"
    arguments = ["init", str(folder), "--exports", str(exports), "--timezone", "Europe/Berlin"]
    done = CliRunner().invoke(cli.main, arguments)
    assert done.exit_code == 0, done.output
    return folder, done.stdout


def test_stages_levels_teams_and_fields_are_those_of_the_exports(drafted: tuple[Path, str], exports: Path) -> None:
    portfolio = load_portfolio(drafted[0])

    (workflow,) = portfolio.workflows
    assert [(stage.name, stage.kind, stage.commitment) for stage in workflow.stages] == [
        ("To Do", "queue", False),
        ("Coding", "active", True),
        ("Testing", "active", False),
        ("Done", "done", False),
    ]
    assert workflow.cancelled.resolutions == ["Duplicate"]
    assert [(rule.level, rule.work_type, rule.when.type) for rule in portfolio.work_types] == [
        ("story", "feature", ["Story"])
    ]
    assert [(rule.team, rule.when.project) for rule in portfolio.membership] == [("shop", ["SHOP"])]
    assert portfolio.fields["shop"].model_dump(exclude_none=True) == {
        "estimate": "customfield_7",
        "flagged": "customfield_8",
    }
    assert portfolio.sources[0].exports == exports.as_posix()
    assert portfolio.portfolio.timezone == "Europe/Berlin"


def test_what_to_check_is_told_by_numbers_and_in_the_file(drafted: tuple[Path, str]) -> None:
    folder, said = drafted
    text = (folder / "portfolio.yaml").read_text(encoding="utf-8")

    assert "shop: jira, 2 files" in said
    assert "shop: 13 items, 4 statuses, " in said
    assert "  1. days, weeks and increments are cut in the time zone Europe/Berlin" in said
    assert "estimate is taken from customfield_7 ('Story Points'), by its name and content." in said
    assert "# CHECK 1: days, weeks" in text
    assert f"check --portfolio {folder}" in said


def test_a_portfolio_is_never_overwritten(drafted: tuple[Path, str], exports: Path) -> None:
    before = (drafted[0] / "portfolio.yaml").read_bytes()

    with pytest.raises(DraftError, match="is there already and is never overwritten"):
        draft_portfolio(drafted[0], [exports], lambda: NOW, DraftOptions())

    assert (drafted[0] / "portfolio.yaml").read_bytes() == before


def test_without_any_known_export_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "notes.json").write_text("{}", encoding="utf-8")

    with pytest.raises(DraftError, match="No export of a known tool is among 1 files found"):
        draft_portfolio(tmp_path / "mine", [tmp_path / "drop"], lambda: NOW, DraftOptions())

    assert not (tmp_path / "mine").exists()


def test_check_finds_nothing_to_map_in_what_was_just_drafted(drafted: tuple[Path, str]) -> None:
    findings = check_portfolio(PortfolioFolder(drafted[0]), {}, lambda: NOW)

    assert findings.problems == ()
    assert any(line.startswith("Nothing is published yet") for line in findings.lines)
    assert "Every status, type and item of the exports is mapped." in findings.lines
    assert not (drafted[0] / "warehouse").exists()


def test_check_tells_everything_at_once(drafted: tuple[Path, str], exports: Path, tmp_path: Path) -> None:
    text = (drafted[0] / "portfolio.yaml").read_text(encoding="utf-8")
    text = text.replace('statuses: ["Testing"]', 'statuses: ["Tested"]').replace("SHOP", "STORE")
    text = text.replace('type: "Story"', 'type: "Tale"') + "notify: {webhook_env: WEIR_TEST_HOOK}\n"
    text = text.replace(
        "sources:\n",
        'sources:\n  - {id: empty, tool: jira, exports: nowhere, pull: {url: "https://x.example", token_env: T}}\n',
        1,
    )
    own = tmp_path / "exports"
    own.mkdir()
    for file in exports.iterdir():
        (own / file.name).write_bytes(file.read_bytes())
    (own / "notes.json").write_text('{"any": "thing"}', encoding="utf-8")
    (tmp_path / "portfolio.yaml").write_text(text.replace(exports.as_posix(), "exports"), encoding="utf-8")

    told = "\n".join(check_portfolio(PortfolioFolder(tmp_path), {}, lambda: NOW).lines)

    assert "empty: no export files" in told
    assert "shop: not files that jira exports: exports/notes.json" in told
    assert "empty: pull.token_env: the environment variable T is not set" in told
    assert "notify.webhook_env: the environment variable WEIR_TEST_HOOK is not set" in told
    assert "type 'Story' of shop: 12 items, such as SHOP-" in told
    assert "Stages that no item of the exports was ever in: " in told
