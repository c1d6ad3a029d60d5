"""Each finding of the gate, counted by its own SQL, on a warehouse in which exactly that was spoilt.

A gate that cannot fail is a defect: the suites are shown failing on bad frames in tests/unit/checks, and here the
statements behind the frames are shown to find what they are for.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import checks
from orchestration.portfolio_folder import PortfolioFolder
from orchestration.warehouse import TableKeys, check_frames, connect

TABLES = TableKeys(checks.TABLE_KEYS, checks.TABLES_THAT_MAY_BE_EMPTY)

# Statements that spoil a sound warehouse in one way.
SPOILT = {
    "issue_key_of_two_issues": "update raw_jira.issues set issue_key = (select min(issue_key) from raw_jira.issues"
    " where source_id = 'jira-main') where source_id = 'jira-main' and issue_key = (select max(issue_key)"
    " from raw_jira.issues where source_id = 'jira-main')",
    "duplicate_issue_in_file": "insert into raw_jira.issues select * from raw_jira.issues limit 1",
    "conflicting_issue_versions": "insert into raw_jira.issues select * replace ('Elsewhere' as status_name)"
    " from raw_jira.issues limit 1",
    "updated_before_created": "update raw_jira.issues set updated = created - interval 1 day where issue_id = '{id}'",
    "changelog_missing": "delete from raw_jira.issue_changes where issue_ref in ('{id}', '{key}');"
    " update raw_jira.issues set n_histories_announced = null, n_histories_embedded = null where issue_id = '{id}'",
    "changelog_truncated": "update raw_jira.issues set n_histories_announced = 10000 where issue_id = '{id}'",
    "change_without_issue": "insert into raw_jira.issue_changes select * replace ('nowhere' as issue_ref)"
    " from raw_jira.issue_changes limit 1",
    "change_before_creation": "update raw_jira.issue_changes set changed = timestamptz '1999-01-01 00:00:00+00'"
    " where issue_ref = '{id}'",
    "change_after_export": "update raw_jira.issue_changes set changed = exported_at + interval 2 day"
    " where issue_ref = '{id}'",
    "status_change_without_target": "update raw_jira.issue_changes set to_value = ' ' where issue_ref = '{id}'"
    " and field = 'status'",
    "status_unmapped": "update raw_jira.issues set status_name = 'Limbo', status_id = '99999' where issue_id = '{id}'",
    "status_without_category": "update raw_jira.issues set status_name = 'Limbo', status_id = '99999',"
    " status_category = null where issue_id = '{id}'",
    "type_unmapped": "update raw_jira.issues set issue_type = 'Riddle', is_subtask = false where issue_id = '{id}'",
    "negative_item_duration": "update flow.fct_work_items set lead_time_elapsed_days = -1 where native_id = '{id}'",
    "calendar_days_below_one": "update flow.fct_work_items set cycle_time_calendar_days = 0 where native_id = '{id}'",
    "negative_visit_duration": "update flow.fct_stage_visits set working_hours = -1 where visit_sequence = 3",
    "negative_spell_duration": "update flow.fct_blocked_spells set elapsed_days = -0.5",
    "fact_after_as_of": "update flow.fct_work_items set finished_at = timestamptz '2199-01-01 00:00:00+00'"
    " where native_id = '{id}'",
    "share_outside_0_1": "update marts.mart_flow_metrics set flow_efficiency = 1.2 where period_type = 'month'",
    "percentiles_out_of_order": "update marts.mart_flow_metrics set p85_cycle_time_calendar_days = 1"
    " where p50_cycle_time_calendar_days > 1",
    "percentile_of_few": "update marts.mart_stage_metrics set n_visits_ended = 4 where p50_elapsed_days is not null",
    "negative_wip": "update flow.fct_stage_days set n_wip = -1 where calendar_date = date '2026-01-15'",
    "period_without_row": "delete from marts.mart_flow_metrics where period_type = 'week'"
    " and period_start = date '2026-01-12'",
    "finished_counts_differ": "update marts.mart_flow_metrics set n_finished = n_finished + 1"
    " where period_type = 'week' and scope_type = 'value_stream' and period_start = date '2026-01-12'",
    "portfolio_total_differs": "update marts.mart_flow_metrics set n_finished = n_finished + 1"
    " where period_type = 'week' and scope_type = 'portfolio' and period_start = date '2026-01-12'",
    "wip_differs": "update marts.mart_flow_metrics set wip_end = wip_end + 1 where scope_type = 'value_stream'",
}


@pytest.fixture
def spoilable(published_example: PortfolioFolder, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a writable copy of the published example."""
    copy = tmp_path / "warehouse.duckdb"
    shutil.copyfile(published_example.warehouse / "warehouse.duckdb", copy)
    with connect(copy) as connection:
        yield connection


@pytest.fixture(scope="module")
def sound(published_example: PortfolioFolder) -> dict[str, int]:
    """Return what each finding counts in the published example, before anything is spoilt."""
    with connect(published_example.warehouse / "warehouse.duckdb", read_only=True) as connection:
        return _counted(connection)


def _counted(warehouse: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counted = {}
    for layer, frame in (("raw", "raw_jira_findings"), ("marts", "mart_findings")):
        frames = check_frames(
            warehouse,
            layer,
            tables=TABLES,
            portfolio_tables=checks.RAW_PORTFOLIO_TABLES,  # type: ignore[arg-type]
        )
        counted |= dict(zip(frames[frame]["finding"], frames[frame]["n_offending"], strict=True))
    return counted


def test_every_finding_is_spoilt_here() -> None:
    assert set(SPOILT) == {finding.name for findings in checks.FINDINGS.values() for finding in findings}


@pytest.mark.parametrize("finding", SPOILT)
def test_finds_what_was_spoilt(finding: str, spoilable: duckdb.DuckDBPyConnection, sound: dict[str, int]) -> None:
    chosen = spoilable.execute(
        "select issue_id, issue_key from raw_jira.issues where source_id = 'jira-main' and n_histories_embedded > 3"
        " and status_category = 'done' and not is_subtask order by issue_key limit 1"
    ).fetchone()
    assert chosen is not None
    spoilable.execute(SPOILT[finding].format(id=chosen[0], key=chosen[1]))
    assert _counted(spoilable)[finding] > sound[finding]


def test_shapes_and_loads_see_what_was_spoilt(spoilable: duckdb.DuckDBPyConnection) -> None:
    spoilable.execute(
        "insert into flow.dim_teams select * from flow.dim_teams limit 1;"
        "update flow.dim_stages set stage_id = null where stage_id = 'delivery.test';"
        "delete from raw_jira.issues where issue_key = (select min(issue_key) from raw_jira.issues);"
        "update quality.export_files set is_readable = false where file_kind = 'statuses'"
    )
    frames = {
        **check_frames(spoilable, "raw", tables=TABLES, portfolio_tables=checks.RAW_PORTFOLIO_TABLES),
        **check_frames(spoilable, "marts", tables=TABLES, portfolio_tables=checks.RAW_PORTFOLIO_TABLES),
    }
    shapes = frames["mart_shape"].set_index("table_name")
    assert shapes.loc["flow.dim_teams", "n_key_duplicates"] == 1
    assert shapes.loc["flow.dim_stages", "n_null_keys"] == 1
    loads = frames["export_load"]
    assert loads["n_unaccounted"].sum() >= 1
    assert loads["n_unreadable_files"].sum() == 2
