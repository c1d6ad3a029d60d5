"""Real event logs through the whole pipeline: resolved issues of the feature freeze study, activities with their ends.

The study's issues have a type and the time they were resolved, and nothing else: they count in throughput, and no more
is said of them. The logs of waiting times have activities: between two of them an item waits, and waiting is wait.
"""

import csv
import lzma
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.external.conftest import refreshed

pytestmark = pytest.mark.external

PORTFOLIO = """
portfolio: {id: outside, name: Outside, timezone: UTC, currency: EUR}
calendar: {country: US, working_days: [mon, tue, wed, thu, fri], hours: ["09:00", "17:00"]}
increments:
  - {id: first, name: First, start: 2013-01-07, end: 2013-03-31}
value_streams:
  - id: outside
    name: Outside
    trains:
      - {id: art, name: ART, teams: [{id: team, name: Team}]}
sources:
  - id: freeze
    tool: event_log
    exports: exports/freeze
    format: {columns: {resolved: resolved_timestamp, type: type}}
  - id: waiting
    tool: event_log
    exports: exports/waiting
    format: {columns: {item: case_id, activity: Activity, start_time: start_time, time: end_time}}
workflows:
  - id: freeze
    applies_to: {sources: [freeze]}
    stages:
      - {id: work, name: Work, kind: active, commitment: true, statuses: [Open]}
      - {id: done, name: Done, kind: done, statuses: [Resolved]}
  - id: waiting
    applies_to: {sources: [waiting]}
    stages:
      - {id: a, name: A, kind: active, commitment: true, statuses: [A]}
      - {id: b-queue, name: Before B, kind: queue, statuses: [B (waiting)]}
      - {id: b, name: B, kind: active, statuses: [B]}
      - {id: c-queue, name: Before C, kind: queue, statuses: [C (waiting)]}
      - {id: c, name: C, kind: active, statuses: [C]}
      - {id: done, name: Done, kind: done, statuses: [C (ended)]}
membership:
  - {team: team}
work_types:
  - {level: story, work_type: feature, when: {source: freeze, type: DEV}}
  - {level: story, work_type: defect, when: {source: freeze}}
  - {level: story, work_type: feature, when: {source: waiting}}
"""


@pytest.fixture(scope="module")
def issues(shared_data: Path) -> list[dict[str, str]]:
    text = lzma.decompress((shared_data / "feature_freeze_study" / "issues.csv.xz").read_bytes()).decode()
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def activities(shared_data: Path) -> list[dict[str, str]]:
    with (shared_data / "waiting_time_cases" / "manual_log_1.csv").open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@pytest.fixture(scope="module")
def warehouse(
    shared_data: Path, issues: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("event_logs")
    (folder / "portfolio.yaml").write_text(PORTFOLIO, encoding="utf-8")
    freeze, waiting = folder / "exports" / "freeze", folder / "exports" / "waiting"
    freeze.mkdir(parents=True)
    waiting.mkdir(parents=True)
    packed = shared_data / "feature_freeze_study" / "issues.csv.xz"
    (freeze / "issues.csv").write_bytes(lzma.decompress(packed.read_bytes()))
    log = shared_data / "waiting_time_cases" / "manual_log_1.csv"
    (waiting / "log.csv").write_bytes(log.read_bytes())
    assert issues
    return duckdb.connect(str(refreshed(folder)), read_only=True)


def test_every_resolved_issue_of_the_study_is_finished_when_it_was_resolved(
    warehouse: duckdb.DuckDBPyConnection, issues: list[dict[str, str]]
) -> None:
    assert len(issues) == 5339
    ours = warehouse.execute(
        "select item_type, finished_at from flow.fct_work_items where source_id = 'freeze' and is_finished"
    ).fetchall()
    assert Counter(ours) == Counter(
        (issue["type"], datetime.fromisoformat(issue["resolved_timestamp"])) for issue in issues
    )


def test_of_an_issue_of_which_only_the_end_is_known_no_duration_is_claimed(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert warehouse.execute(
        """select count(cycle_time_elapsed_days), count(flow_efficiency), bool_or(has_usable_history)
        from flow.fct_work_items where source_id = 'freeze'"""
    ).fetchone() == (0, 0, False)


def test_items_wait_between_their_activities(
    warehouse: duckdb.DuckDBPyConnection, activities: list[dict[str, str]]
) -> None:
    by_case: dict[str, list[tuple[datetime, datetime]]] = {}
    for row in activities:
        start, end = (datetime.fromisoformat(row[name]).replace(tzinfo=UTC) for name in ("start_time", "end_time"))
        by_case.setdefault(row["case_id"], []).append((start, end))
    waited = {}
    for case, spans in by_case.items():
        reached, idle = min(spans)[0], timedelta()
        for start, end in sorted(spans):
            idle += max(start - reached, timedelta())
            reached = max(reached, end)
        waited[case] = (idle.total_seconds(), reached)
    ours = warehouse.execute(
        """select items.native_id, coalesce(round(sum(visits.elapsed_days) filter (
                where visits.stage_kind = 'queue') * 86400), 0), any_value(items.finished_at)
        from flow.fct_work_items as items
        inner join flow.fct_stage_visits as visits using (work_item_id)
        where items.source_id = 'waiting'
        group by items.native_id"""
    ).fetchall()
    assert {case: (seconds, finished) for case, seconds, finished in ours} == waited


def test_every_log_of_waiting_times_is_read_whole(shared_data: Path, warehouse: duckdb.DuckDBPyConnection) -> None:
    log = shared_data / "waiting_time_cases" / "manual_log_1.csv"
    with log.open(encoding="utf-8", newline="") as text:
        n_rows = len(list(csv.DictReader(text)))
    assert warehouse.execute("select count(*) from raw_event_log.events where source_id = 'waiting'").fetchone() == (
        n_rows,
    )
    assert warehouse.execute("select count(*) from quality.quarantined_records").fetchone() == (0,)
