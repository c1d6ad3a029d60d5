"""What a refresh may continue from, and the reasons when it may not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration import continuation, warehouse
from orchestration.portfolio import load_portfolio
from orchestration.portfolio.example import prepare_example
from orchestration.portfolio_folder import PortfolioFolder

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
REFRESH = warehouse.Refresh("now", AS_OF, AS_OF, "incremental", "0", "g", "p", mapping_hash="m", code_hash="c")
BEFORE = {"mapping_hash": "m", "as_of": AS_OF - timedelta(days=1)}


@pytest.mark.parametrize(
    ("before", "is_other_calendar", "has_boundary", "reason"),
    [
        ({}, False, False, None),
        ({"as_of": AS_OF}, False, False, None),
        ({"mapping_hash": "other"}, False, False, "portfolio.yaml has changed since the last refresh"),
        ({"as_of": AS_OF + timedelta(seconds=1)}, False, False, "as_of lies before that of the last refresh"),
        ({}, True, False, "the exports reach further back than before"),
        ({}, False, True, "a mapping of portfolio.yaml has begun or ceased to hold since then"),
    ],
)
def test_models_are_continued_unless_something_makes_them_wrong(
    before: dict[str, object], is_other_calendar: bool, has_boundary: bool, reason: str | None
):
    told = continuation.reason_to_rebuild(
        REFRESH, {**BEFORE, **before}, is_other_calendar=is_other_calendar, has_boundary=has_boundary
    )
    assert told == reason


def test_a_warehouse_of_another_version_is_not_continued(tmp_path: Path):
    paths = PortfolioFolder(tmp_path)
    assert continuation.reason_for_full_build(paths, "c") is None  # nothing is published yet
    paths.warehouse.mkdir()
    with duckdb.connect(str(warehouse.WarehouseFolder(paths.warehouse).published)) as connection:
        warehouse.record_refresh(connection, REFRESH, 1)
    assert continuation.reason_for_full_build(paths, "c") is None
    assert continuation.reason_for_full_build(paths, "d") == "Weir itself has changed since the last refresh"


def test_what_only_says_how_a_refresh_runs_changes_no_item(tmp_path: Path):
    prepare_example(tmp_path / "portfolio", items=100)
    portfolio = load_portfolio(tmp_path / "portfolio")
    told = continuation.mapping_hash(portfolio)
    assert continuation.mapping_hash(portfolio.model_copy(update={"keep_generations": 9, "interventions": []})) == told
    assert continuation.mapping_hash(portfolio.model_copy(update={"membership": []})) != told


def test_the_fingerprint_of_the_code_is_the_same_until_a_file_of_it_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    for folder in ("models", "macros"):
        (tmp_path / folder).mkdir()
    model = tmp_path / "models" / "some.sql"
    model.write_text("select 1", encoding="utf-8")
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(continuation, "DBT_PROJECT", tmp_path)
    monkeypatch.setattr(continuation, "__file__", str(package / "continuation.py"))
    before = continuation.code_fingerprint()
    assert continuation.code_fingerprint() == before
    model.write_text("select 2", encoding="utf-8")
    assert continuation.code_fingerprint() != before
