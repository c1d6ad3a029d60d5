"""Exports may lie in a folder, match a glob, be one file, and lie outside of the portfolio's folder."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.sources import TOOLS
from orchestration.warehouse import unrecognised_exports
from orchestration.warehouse.export_inventory import list_exports

LOADED_AT = datetime(2099, 1, 1, tzinfo=UTC)
ISSUES = json.dumps({"issues": [{"id": "1", "key": "A-1", "fields": {"created": "2026-01-05T09:00:00.000+0000"}}]})


@dataclass(frozen=True)
class _Source:
    exports: str
    id: str = "main"
    tool: str = "jira"


@pytest.fixture
def portfolio(tmp_path: Path) -> Path:
    for name in ("mine/exports/a.json", "mine/exports/below/b.json", "mine/exports/.hidden/c.json", ".out/d.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(ISSUES, encoding="utf-8")
    return tmp_path / "mine"


def names(portfolio: Path, exports: str) -> list[str]:
    files, _ = list_exports(_Source(exports), portfolio, TOOLS["jira"], LOADED_AT)
    return [file.name for file in files]


@pytest.mark.parametrize(
    ("exports", "found"),
    [
        ("exports", ["exports/a.json", "exports/below/b.json"]),
        ("exports/*.json", ["exports/a.json"]),
        ("exports/**/*.json", ["exports/a.json", "exports/below/b.json"]),
        ("exports/a.json", ["exports/a.json"]),
        ("missing", []),
        ("missing/*.json", []),
    ],
)
def test_within_the_portfolios_folder(exports: str, found: list[str], portfolio: Path) -> None:
    assert names(portfolio, exports) == found


@pytest.mark.parametrize("form", ["{}", "{}/*.json", "{}/d.json"])
def test_outside_of_it_files_are_named_by_where_they_lie(form: str, portfolio: Path) -> None:
    outside = portfolio.parent / ".out"

    assert names(portfolio, form.format(outside)) == [(outside / "d.json").as_posix()]


def test_files_that_are_not_the_tools_are_named(portfolio: Path) -> None:
    (portfolio / "exports" / "notes.json").write_text('{"any": "thing"}', encoding="utf-8")
    (portfolio / "exports" / "ids.census.ndjson").write_text("{}", encoding="utf-8")

    assert unrecognised_exports(_Source("exports"), portfolio, TOOLS["jira"]) == (4, ["exports/notes.json"])
    assert unrecognised_exports(_Source("s3://bucket/x"), portfolio, TOOLS["jira"]) == (0, [])
