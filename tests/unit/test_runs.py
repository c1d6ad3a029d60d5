"""The run history of a portfolio: its settings, and runs whose process was killed."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.portfolio_folder import PortfolioFolder
from orchestration.run_locks import at_work, is_dead
from orchestration.runs import end_dead_runs, prepare_home


@dg.job
def some_job() -> None:
    """Stand in for a refresh."""


@pytest.fixture
def paths(tmp_path: Path) -> PortfolioFolder:
    return PortfolioFolder(tmp_path)


def test_settings_are_written_once_and_again_when_they_change(paths):
    home = prepare_home(paths)
    settings = home / "dagster.yaml"
    written = settings.stat().st_mtime_ns
    prepare_home(paths)
    assert settings.stat().st_mtime_ns == written
    settings.write_text("telemetry: {enabled: true}\n", encoding="utf-8")
    prepare_home(paths)
    assert "telemetry: {enabled: false}" in settings.read_text(encoding="utf-8")


def test_dagster_takes_the_settings(paths):
    with dg.DagsterInstance.from_config(str(prepare_home(paths))) as instance:
        assert instance.get_settings("telemetry") == {"enabled": False}
        assert instance.get_settings("freshness") == {"enabled": True}
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1
        assert instance.global_op_concurrency_default_limit == 1


HOLD = """
import sys, time
from pathlib import Path
from orchestration.portfolio_folder import PortfolioFolder
from orchestration.run_locks import at_work
with at_work(PortfolioFolder(Path(sys.argv[1])), sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_only_runs_of_killed_processes_are_ended(paths):
    with dg.DagsterInstance.from_config(str(prepare_home(paths)), "weir.yaml") as instance:
        killed, working, elsewhere, done = (
            instance.create_run_for_job(some_job, status=dg.DagsterRunStatus.STARTED).run_id for _ in range(4)
        )
    command = [sys.executable, "-c", HOLD, str(paths.folder)]
    for run_id in (killed, working):
        process = subprocess.Popen([*command, run_id], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        if run_id == killed:
            process.kill()
            process.wait()
    with at_work(paths, done):
        pass
    try:
        assert end_dead_runs(paths) == 1
        assert end_dead_runs(paths) == 0
    finally:
        process.kill()
        process.wait()
    with dg.DagsterInstance.from_config(str(prepare_home(paths)), "weir.yaml") as instance:
        statuses = {run.run_id: run.status.value for run in instance.get_runs()}
    assert statuses == {killed: "FAILURE", working: "STARTED", elsewhere: "STARTED", done: "STARTED"}


def test_a_lock_taken_twice_in_one_process_is_held_until_the_outer_end(paths):
    with at_work(paths, "a-run"):
        with at_work(paths, "a-run"):
            assert not is_dead(paths, "a-run")
        assert not is_dead(paths, "a-run")
        assert list((paths.dagster_home / "at-work").iterdir()) != []
    assert list((paths.dagster_home / "at-work").iterdir()) == []
