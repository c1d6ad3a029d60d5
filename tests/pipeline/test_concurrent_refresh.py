"""One refresh at a time."""

from orchestration.portfolio_folder import PortfolioFolder
from orchestration.runs import run_job
from orchestration.warehouse import WarehouseFolder


def test_second_refresh_says_so_and_exits(example_copy: PortfolioFolder, weir):
    with WarehouseFolder(example_copy.warehouse).lock():
        done = weir("refresh", portfolio=example_copy.folder)
    assert done.returncode == 1
    assert "Another refresh" in done.stderr
    assert "Prepare" not in done.stderr  # told before Dagster is loaded


def test_a_run_that_starts_while_another_holds_the_warehouse_fails_with_the_reason(example_copy: PortfolioFolder):
    """The way of a run from the UI or a schedule, which does not pass the command line."""
    with WarehouseFolder(example_copy.warehouse).lock():
        outcome = run_job("nightly_refresh", example_copy)
    assert not outcome.is_success
    assert "Another refresh" in " ".join(outcome.failures)
    assert not (example_copy.warehouse / "warehouse.failed.duckdb").exists()


def test_a_broken_portfolio_fails_the_job_with_every_problem(example_copy: PortfolioFolder):
    text = example_copy.portfolio_file.read_text(encoding="utf-8")
    example_copy.portfolio_file.write_text(text + "\nsurprise: 1\nkeep_generations: 0\n", encoding="utf-8")
    outcome = run_job("nightly_refresh", example_copy)
    assert not outcome.is_success
    assert any("surprise" in line for line in outcome.failures)
    assert any("keep_generations" in line for line in outcome.failures)
