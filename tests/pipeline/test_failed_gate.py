"""A gate that fails: nothing is published, everything stands, and the reason is told with its rows."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.portfolio_folder import DBT_PROJECT, PortfolioFolder


@pytest.fixture
def standing(example_copy: PortfolioFolder):
    """Hashes of all that a failed refresh has to leave alone."""

    def hashes() -> dict[str, str]:
        places = [
            example_copy.warehouse / "warehouse.duckdb",
            example_copy.reports,
            example_copy.data_docs,
            example_copy.warehouse / "parquet",
        ]
        files = [
            file
            for place in places
            for file in ([place] if place.is_file() else sorted(place.rglob("*")))
            if file.is_file()
        ]
        return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    before = hashes()
    assert len(before) > 20
    yield
    assert hashes() == before


def published_generation(paths: PortfolioFolder) -> int:
    with duckdb.connect(str(paths.warehouse / "warehouse.duckdb"), read_only=True) as connection:
        row = connection.execute("select max(generation) from quality.refreshes").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.usefixtures("standing")
def test_too_much_quarantined_publishes_nothing(example_copy: PortfolioFolder, weir):
    text = example_copy.portfolio_file.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("gate:")]
    example_copy.portfolio_file.write_text(
        "\n".join([*kept, "gate: {max_quarantined_share: 0.0}", ""]), encoding="utf-8"
    )
    done = weir("refresh", portfolio=example_copy.folder)
    assert done.returncode == 1
    assert "Nothing was published" in done.stderr
    assert "quarantined_share" in done.stderr
    assert "jira-main, n_quarantined = 2" in done.stderr
    assert "Traceback" not in done.stderr
    assert (example_copy.warehouse / "warehouse.failed.duckdb").exists()
    assert (example_copy.failed_data_docs / "index.html").exists()
    assert f"kept for a look: {example_copy.warehouse / 'warehouse.failed.duckdb'}" in done.stderr
    assert not (example_copy.warehouse / "warehouse.build.duckdb").exists()


@pytest.mark.usefixtures("standing")
def test_failed_dbt_test_publishes_nothing_and_shows_rows(example_copy: PortfolioFolder, tmp_path: Path):
    project = Path(
        shutil.copytree(DBT_PROJECT, tmp_path / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    )
    (project / "tests" / "singular" / "no_item_is_called_loan_1.sql").write_text(
        "select item_key, level from {{ ref('fct_work_items') }} where item_key = 'LOAN-1'", encoding="utf-8"
    )
    program = (
        "import sys; from pathlib import Path; import orchestration.portfolio_folder as places\n"
        f"places.DBT_PROJECT = Path({str(project)!r})\n"
        "from orchestration.cli import main\n"
        f"main(['refresh', '--portfolio', {str(example_copy.folder)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 1
    assert "Nothing was published" in done.stderr
    assert "dbt test no_item_is_called_loan_1 found 1 row that should not be there" in done.stderr
    assert "item_key=LOAN-1" in done.stderr
    with duckdb.connect(str(example_copy.warehouse / "warehouse.failed.duckdb"), read_only=True) as failed:
        recorded = failed.execute(
            """select severity, status, n_unexpected from quality.check_results
            where check_name = 'no_item_is_called_loan_1'"""
        ).fetchall()
    assert recorded == [("critical", "failed", 1)]


@pytest.mark.slow
def test_one_unreadable_source_stops_no_other(example_copy: PortfolioFolder, weir):
    (example_copy.folder / "exports" / "jira-lending" / "manifest.json").write_text("{not json", encoding="utf-8")
    done = weir("refresh", portfolio=example_copy.folder)
    assert done.returncode == 0, done.stderr
    assert "jira-lending" in done.stderr
    assert "last good export is used" in done.stderr
    assert published_generation(example_copy) == 2
    with duckdb.connect(str(example_copy.warehouse / "warehouse.duckdb"), read_only=True) as connection:
        sources = connection.execute("select source_id, n_items from marts.mart_data_coverage order by 1").fetchall()
    assert [source for source, n_items in sources if n_items > 1000] == ["jira-lending", "jira-main"]
