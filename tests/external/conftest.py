"""Portfolios made from real exports that lie beside the repository; tests skip, saying so, where they do not.

Belongs here: turning foreign recordings back into the files a tool exports, one refresh of each, and reading published
numbers and the warehouse. Does not belong here: what is expected of the result.
"""

import csv
import json
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

import checks
from orchestration import dbt_build, refresh
from orchestration.analysis_steps.every_step import analyse
from orchestration.portfolio_folder import PortfolioFolder
from orchestration.report_site import build_report_site
from tests.parsed_project import parsed_for

# Records of a line worked by hand become visits here as they do in the unit tests of the method.
sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "analytics"))

SHARED = Path(__file__).parents[2].parent / "shared"
ORACLES = SHARED / "oracles"

# Raw cells hold whole issues.
csv.field_size_limit(1 << 30)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder with real exports, or skip."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the folder with real exports, shared/data beside the repository, is missing")
    return folder


def published(name: str) -> dict[str, Any]:
    """Return one file of published numbers, named below shared/oracles."""
    found: dict[str, Any] = json.loads((ORACLES / name).read_text(encoding="utf-8"))
    return found


def read_table(file: Path) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def write_lines(file: Path, documents: Iterable[Any]) -> None:
    """Write one JSON document a line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")


def rows_of(connection: duckdb.DuckDBPyConnection, question: str) -> list[tuple[Any, ...]]:
    """Return what a warehouse answers."""
    return connection.execute(question).fetchall()


def moment_of(text: str) -> datetime | None:
    """Return the moment that a recording tells in ISO 8601, or none where it tells none."""
    return datetime.fromisoformat(text) if text else None


def refreshed(folder: Path, as_of: datetime | None = None) -> Path:
    """Refresh a portfolio, step by step as the nightly job does; return the published warehouse."""
    paths = PortfolioFolder(folder)
    with refresh.open_build(paths, "outside-data", refresh.utc_now, as_of=as_of) as build:
        refresh.land_exports(build)
        refresh.write_portfolio(build)
        _assert_passed(refresh.run_checks(build, "raw"))
        outcomes = refresh.build_models(build, manifest=parsed_for(paths))
        assert dbt_build.failure_sentences(outcomes) == []
        _assert_passed(refresh.run_checks(build, "marts"))
        analyse(build)
        refresh.publish(build)
    build_report_site(paths)
    return folder / "warehouse" / "warehouse.duckdb"


def _assert_passed(report: checks.CheckReport) -> None:
    assert report.messages("critical") == ()


PORTFOLIO = """
portfolio: {{id: outside, name: Outside, timezone: UTC, currency: EUR}}
calendar: {{country: US, working_days: [mon, tue, wed, thu, fri], hours: ["09:00", "17:00"]}}
increments:
  - {{id: first, name: First, start: 2021-01-04, end: 2021-03-28}}
value_streams:
  - id: outside
    name: Outside
    trains:
      - {{id: art, name: ART, teams: [{{id: team, name: Team}}]}}
sources:
{sources}
workflows:
{workflows}
membership:
{membership}
work_types:
{work_types}
fields:
{fields}
"""


@pytest.fixture(scope="session")
def write_portfolio() -> Callable[[Path, dict[str, str], dict[str, str]], None]:
    """Return a function that writes portfolio.yaml for sources with the given stages and custom fields (YAML)."""

    def write(folder: Path, stages: dict[str, str], fields: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        text = PORTFOLIO.format(
            sources="\n".join(f"  - {{id: {name}, tool: jira, exports: exports/{name}}}" for name in stages),
            workflows="\n".join(
                f"  - id: {name}\n    applies_to: {{sources: [{name}]}}\n    stages:\n{listed}"
                for name, listed in stages.items()
            ),
            membership="\n".join(f"  - {{team: team, when: {{source: {name}}}}}" for name in stages),
            work_types="\n".join(
                f"  - {{level: story, work_type: feature, when: {{source: {name}}}}}" for name in stages
            ),
            fields="\n".join(f"  {name}: {mapped}" for name, mapped in fields.items()) or "  {}",
        )
        (folder / "portfolio.yaml").write_text(text, encoding="utf-8")

    return write
