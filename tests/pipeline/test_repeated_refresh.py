"""A refresh after a refresh: nothing new changes nothing, and readers are left alone."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.portfolio_folder import PortfolioFolder
from tests.pipeline.conftest import file_hash

# What a refresh says of itself differs from run to run.
_OF_THE_REFRESH = {"refreshes", "check_results", "refresh", "stg_portfolio__refresh"}


def content_hashes(file: Path) -> dict[str, int]:
    """One number per table that depends on every row, not on their order."""
    hashes = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set search_path = 'main'")
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables order by all"
        ).fetchall()
        for schema, table in tables:
            if table in _OF_THE_REFRESH:
                continue
            row = connection.execute(f'select count(*), sum(hash(t)) from "{schema}"."{table}" as t').fetchone()
            hashes[f"{schema}.{table}"] = row
    return hashes


def test_refresh_with_nothing_new_gives_the_same_tables_and_leaves_a_reader_alone(example_copy: PortfolioFolder, weir):
    published = example_copy.warehouse / "warehouse.duckdb"
    before = content_hashes(published)
    with duckdb.connect(str(published), read_only=True) as reader:
        items = reader.execute("select count(*) from flow.fct_work_items").fetchone()
        again = weir("refresh", portfolio=example_copy.folder)
        assert again.returncode == 0, again.stderr
        # The reader still sees the whole generation that it had opened.
        assert reader.execute("select max(generation) from quality.refreshes").fetchone() == (1,)
        assert reader.execute("select count(*) from flow.fct_work_items").fetchone() == items
    after = content_hashes(published)
    assert {table for table in before if before[table] != after.get(table)} == set()
    assert before.keys() == after.keys()
    assert "generation 2" in again.stdout
    assert "(incremental)" in again.stdout
    assert (example_copy.warehouse / "generations" / "warehouse-000001.duckdb").exists()


def test_reports_of_one_generation_are_the_same_bytes(example_copy: PortfolioFolder, weir):
    def site() -> dict[str, str]:
        files = sorted(file for file in example_copy.reports.rglob("*") if file.is_file())
        return {str(file.relative_to(example_copy.reports)): file_hash(file) for file in files}

    before = site()
    done = weir("report", portfolio=example_copy.folder)
    assert done.returncode == 0, done.stderr
    assert site() == before


@pytest.mark.slow
def test_full_build_as_of_an_earlier_moment_knows_nothing_of_what_came_later(example_copy: PortfolioFolder, weir):
    done = weir("refresh", "--full", "--as-of", "2026-03-31T18:00:00+02:00", portfolio=example_copy.folder)
    assert done.returncode == 0, done.stderr
    assert "generation 2 as of 2026-03-31 16:00 UTC (full)" in done.stdout
    with duckdb.connect(str(example_copy.warehouse / "warehouse.duckdb"), read_only=True) as connection:
        row = connection.execute(
            "select max(created_at), max(finished_at), max(cancelled_at) from flow.fct_work_items"
        ).fetchone()
        generations = connection.execute("select generation, mode, as_of from quality.refreshes").fetchall()
    assert row is not None
    as_of = datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert max(row) <= as_of
    assert generations == [(2, "full", as_of)]
    assert (example_copy.warehouse / "generations" / "warehouse-000001.duckdb").exists()
