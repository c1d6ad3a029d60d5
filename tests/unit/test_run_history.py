"""The event log whose files stay open: the same record as Dagster's own, in the same files."""

import sqlite3
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.portfolio_folder import PortfolioFolder
from orchestration.run_history import KeptOpenEventLog
from orchestration.runs import prepare_home


@dg.asset
def counted() -> dg.MaterializeResult[None]:
    """Leave a materialization, which is kept by run and in the index."""
    return dg.MaterializeResult(metadata={"rows": 3})


@dg.asset_check(asset=counted)
def is_counted() -> dg.AssetCheckResult:
    """Leave a check, which is kept in a table of its own."""
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return prepare_home(PortfolioFolder(tmp_path / "Größe: 'A' \U0001f30a"))


def recorded(instance: dg.DagsterInstance, run_id: str) -> list[tuple[str, str | None]]:
    """Return the types of a run's events with the steps that they are of."""
    return [(str(entry.dagster_event_type), entry.step_key) for entry in instance.all_logs(run_id)]


@pytest.mark.parametrize("settings", ["dagster.yaml", "weir.yaml"])
def test_runs_are_recorded_as_dagster_itself_records_them(home, tmp_path, settings):
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / settings).write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    events = []
    for folder, expected in ((home, KeptOpenEventLog), (plain, SqliteEventLogStorage)):
        with dg.DagsterInstance.from_config(str(folder), settings) as instance:
            assert type(instance.event_log_storage) is expected
            run_id = dg.materialize([counted, is_counted], instance=instance).run_id
            (materialized,) = instance.fetch_materializations(counted.key, limit=10).records
            assert materialized.run_id == run_id
            key = dg.AssetCheckKey(counted.key, "is_counted")
            (checked,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=10)
            assert checked.status.value == "SUCCEEDED"
            events.append(recorded(instance, run_id))
    assert events[0] == events[1]


def test_dagster_goes_on_with_the_same_files(home):
    with dg.DagsterInstance.from_config(str(home), "weir.yaml") as instance:
        run_id = dg.materialize([counted], instance=instance).run_id
        written = recorded(instance, run_id)
    (home / "weir.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    with dg.DagsterInstance.from_config(str(home), "weir.yaml") as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        assert recorded(instance, run_id) == written


def test_only_the_last_files_stay_open(home):
    with dg.DagsterInstance.from_config(str(home), "weir.yaml") as instance:
        run_ids = [dg.materialize([counted], instance=instance).run_id for _ in range(8)]
        storage = instance.event_log_storage
        assert isinstance(storage, KeptOpenEventLog)
        assert len(storage._engines) == 6
        assert [len(recorded(instance, run_id)) > 5 for run_id in run_ids] == [True] * 8
        assert len(instance.fetch_materializations(counted.key, limit=10).records) == 8
        assert len(storage._engines) == 6
    assert not storage._engines


def test_a_wiped_history_is_empty_and_goes_on(home):
    with dg.DagsterInstance.from_config(str(home), "weir.yaml") as instance:
        before = dg.materialize([counted], instance=instance).run_id
        instance.event_log_storage.wipe()
        assert recorded(instance, before) == []
        after = dg.materialize([counted], instance=instance).run_id
        assert recorded(instance, after)


def test_a_file_in_use_can_be_read_beside_it_and_waits_for_the_disk_at_checkpoints_only(home):
    with dg.DagsterInstance.from_config(str(home), "weir.yaml") as instance:
        run_id = dg.materialize([counted], instance=instance).run_id
        file = home / "history" / "runs" / f"{run_id}.db"
        reader = sqlite3.connect(file, timeout=1)
        (n_events,) = reader.execute("select count(*) from event_logs").fetchone()
        (mode,) = reader.execute("pragma journal_mode").fetchone()
        reader.close()
        with instance.event_log_storage.run_connection(run_id) as connection:
            is_normal = connection.exec_driver_sql("pragma synchronous").scalar() == 1
    assert n_events > 5
    assert mode == "wal"
    assert is_normal
