"""`kill -9` in each phase of a refresh: the published warehouse stays whole, and the next refresh goes through."""

import signal
import subprocess
import threading
from pathlib import Path

import duckdb
import pytest

from orchestration.portfolio_folder import PortfolioFolder
from tests.conftest import TIMEOUT_SECONDS, weir_command, weir_environment
from tests.pipeline.conftest import file_hash

BEFORE_PUBLISHING = [
    "Land exports and portfolio",
    "Check what has landed",
    "Build and test the models",
    "Check facts and marts",
    "Rank constraints",
    "Chart interventions",
]
_SLOW = pytest.mark.slow


def generation(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as connection:
        row = connection.execute(
            "select max(generation), (select count(*) from flow.fct_work_items) from quality.refreshes"
        ).fetchone()
    assert row is not None
    assert row[1] > 0
    return row[0]


def kill_in_phase(paths: PortfolioFolder, phase: str) -> None:
    """Start a refresh, read its lines until the phase begins, and kill it there."""
    has_begun = False
    with subprocess.Popen(
        weir_command("refresh"),
        env=weir_environment(paths.folder),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as run:
        assert run.stderr is not None
        # One that hangs says nothing more; dead, it ends the loop.
        overdue = threading.Timer(TIMEOUT_SECONDS, run.kill)
        overdue.start()
        try:
            for line in run.stderr:
                if line.startswith(f"{phase} …"):
                    has_begun = True
                    run.kill()
                    break
        finally:
            overdue.cancel()
    assert has_begun, f"the refresh ended or hung before it came to '{phase}'"
    assert run.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "phase", [pytest.param(phase, marks=() if phase.startswith("Build") else _SLOW) for phase in BEFORE_PUBLISHING]
)
def test_killed_before_publishing_leaves_the_published_file_as_it_was(example_copy: PortfolioFolder, phase: str):
    published = example_copy.warehouse / "warehouse.duckdb"
    before = file_hash(published)
    kill_in_phase(example_copy, phase)
    assert file_hash(published) == before
    assert generation(published) == 1
    assert (example_copy.reports / "index.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["Publish", "Build the reports"])
def test_killed_while_or_after_publishing_leaves_a_whole_warehouse(example_copy: PortfolioFolder, phase: str):
    published = example_copy.warehouse / "warehouse.duckdb"
    kill_in_phase(example_copy, phase)
    assert generation(published) in ({1, 2} if phase == "Publish" else {2})
    assert (example_copy.reports / "index.html").exists()


def test_refresh_after_a_killed_one_publishes_and_ends_the_dead_run(example_copy: PortfolioFolder, weir):
    kill_in_phase(example_copy, "Check what has landed")
    done = weir("refresh", portfolio=example_copy.folder)
    assert done.returncode == 0, done.stderr
    assert generation(example_copy.warehouse / "warehouse.duckdb") == 2

    import dagster as dg

    with dg.DagsterInstance.from_config(str(example_copy.dagster_home), "weir.yaml") as instance:
        statuses = sorted(run.status.value for run in instance.get_runs())
    assert statuses == ["FAILURE", "SUCCESS", "SUCCESS"]
