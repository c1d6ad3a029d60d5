"""jira-agile-metrics' fixture of 20 issues, through the whole pipeline, against that tool's own answers.

Cycle time 18/20: I-18 and I-19 never changed, and that tool leaves an issue without a changelog out of its backlog
column; here they are in the backlog from their creation on. Cumulative flow 93/93 days, throughput 65/65 days.
"""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from tests.external.conftest import read_table, refreshed
from tests.reference.verdict import disagreements

pytestmark = pytest.mark.external

STAGES = """
      - {id: backlog, name: Backlog, kind: queue, counted: false, statuses: [Backlog]}
      - {id: committed, name: Committed, kind: queue, commitment: true, statuses: [Next]}
      - {id: build, name: Build, kind: active, statuses: [Build]}
      - {id: test, name: Test, kind: active, statuses: [Code review, QA]}
      - {id: done, name: Done, kind: done, statuses: [Done]}
"""
COLUMNS = ("Backlog", "Committed", "Build", "Test", "Done")
WITHOUT_CHANGELOG = {"I-18", "I-19"}


@pytest.fixture(scope="module")
def warehouse(
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    write_portfolio: Callable[[Path, dict[str, str], dict[str, str]], None],
) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("jira_agile_metrics")
    write_portfolio(folder, {"jam": STAGES}, {"jam": "{flagged: customfield_10021}"})
    exports = folder / "exports" / "jam"
    exports.mkdir(parents=True)
    for name in ("search_issues.json", "fields.json"):
        shutil.copyfile(shared_data / "jira_agile_metrics" / "jira" / name, exports / name)
    # Their cumulative flow runs to 3 April, a day longer than the last change.
    return duckdb.connect(str(refreshed(folder, datetime(2021, 4, 4, tzinfo=UTC))), read_only=True)


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> Callable[[str], list[dict[str, str]]]:
    return lambda name: read_table(shared_data / "jira_agile_metrics" / "expected" / f"{name}.csv")


def _first_days(warehouse: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Return, by item and stage, the day on which the item first got as far as the stage or beyond it."""
    rows = warehouse.execute(
        """select items.item_key, stages.stage_name, min(visits.entered_date)::varchar
        from flow.fct_stage_visits as visits
        inner join flow.fct_work_items as items using (work_item_id)
        inner join flow.dim_stages as stages
            on stages.position <= visits.stage_position and not stages.is_cancelled and not stages.is_unmapped
        group by all"""
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for key, stage, day in rows:
        found.setdefault(key, {})[stage] = day
    return found


def test_cycle_time_table(
    warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]
) -> None:
    ours = _first_days(warehouse)
    answers = {row["ID"]: {stage: row[stage] for stage in COLUMNS if row[stage]} for row in expected("cycletime")}
    assert len(answers) == 20
    assert {key for key in answers if ours[key] != answers[key]} == WITHOUT_CHANGELOG


def test_blocked_days(warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]) -> None:
    answers = {(row["key"], row["start"], row["end"]) for row in expected("impediments")}
    ours = set(
        warehouse.execute(
            "select items.item_key, spells.started_at::date::varchar, spells.ended_at::date::varchar"
            " from flow.fct_blocked_spells as spells inner join flow.fct_work_items as items using (work_item_id)"
        ).fetchall()
    )
    assert len(answers) == 1
    assert ours == answers


def test_cumulative_flow(warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]) -> None:
    rows = warehouse.execute(
        """select calendar_date, stage_name,
            sum(sum(n_first_reached)) over (partition by stage_name order by calendar_date)
        from flow.fct_stage_days inner join flow.dim_stages using (stage_id)
        group by calendar_date, stage_name"""
    ).fetchall()
    ours = {(day, stage): int(total) for day, stage, total in rows}
    first = _first_days(warehouse)
    answers = expected("cfd")
    assert len(answers) == 93
    for row in answers:
        day = date.fromisoformat(row["Date"])
        for stage in COLUMNS:
            # What their backlog column leaves out is added to it here, not taken from ours.
            left_out = (
                sum(first[key]["Backlog"] <= row["Date"] for key in WITHOUT_CHANGELOG) if stage == "Backlog" else 0
            )
            assert ours.get((day, stage), 0) == float(row[stage]) + left_out, (day, stage)


def test_throughput(warehouse: duckdb.DuckDBPyConnection, expected: Callable[[str], list[dict[str, str]]]) -> None:
    ours = dict(
        warehouse.execute(
            "select finished_date, count(*) from flow.fct_work_items where is_finished group by finished_date"
        ).fetchall()
    )
    answers = {date.fromisoformat(row["Period starting"]): int(row["count"]) for row in expected("throughput")}
    assert len(answers) == 65
    assert {day: ours.get(day, 0) for day in answers} == answers
    assert sum(ours.values()) == sum(answers.values())


def test_fixture_is_read_whole(shared_data: Path, warehouse: duckdb.DuckDBPyConnection) -> None:
    issues = json.loads(
        (shared_data / "jira_agile_metrics" / "jira" / "search_issues.json").read_text(encoding="utf-8")
    )
    assert warehouse.execute("select count(*) from flow.fct_work_items").fetchone() == (len(issues),)


def test_every_cell_of_the_marts_is_the_references(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert disagreements(warehouse) == ""
