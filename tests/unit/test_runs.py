"""The run history of a portfolio: its settings, and runs whose process was killed."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.portfolio_folder import PortfolioFolder
from orchestration.runs import end_dead_runs, prepare_home


@dg.job
def some_job() -> None:
    """Stand in for a refresh."""


@pytest.fixture
def paths(tmp_path: Path) -> PortfolioFolder:
    return PortfolioFolder(tmp_path)


def statuses(paths: PortfolioFolder, name: str = "weir.yaml") -> dict[str, str]:
    with dg.DagsterInstance.from_config(str(prepare_home(paths)), name) as instance:
        return {run.tags.get("weir/process", ""): run.status.value for run in instance.get_runs()}


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


def test_only_runs_of_dead_processes_are_ended(paths):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with dg.DagsterInstance.from_config(str(prepare_home(paths)), "weir.yaml") as instance:
        for tags in ({"weir/process": str(ended.pid)}, {"weir/process": str(os.getpid())}, {}):
            instance.create_run_for_job(some_job, status=dg.DagsterRunStatus.STARTED, tags=tags)
    assert end_dead_runs(paths) == 1
    assert statuses(paths) == {str(ended.pid): "FAILURE", str(os.getpid()): "STARTED", "": "STARTED"}
    assert end_dead_runs(paths) == 0
