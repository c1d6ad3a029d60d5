"""Frames of published tables: the rows and columns that a reader names, no others."""

import duckdb
import pytest

from orchestration.reports import REQUIRED_FRAMES, REQUIRED_ROWS
from orchestration.warehouse import MissingTableError, read_frames


def test_only_the_rows_and_columns_asked_for_are_read():
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            """create table marts.mart_flow_metrics as select * from (values
                ('red', 'all', 'week', 1), ('red', 'all', 'day', 2), ('red', 'defect', 'week', 3),
                ('blue', 'all', 'month', 4)) as rows (scope_id, work_type, period_type, n)"""
        )
        wanted: dict[str, list[str] | None] = {"mart_flow_metrics": ["scope_id", "n"]}
        rows = {"mart_flow_metrics": {"work_type": ["all"], "period_type": ["week", "month"]}, "another": {"a": ["b"]}}
        assert read_frames(connection, wanted, rows)["mart_flow_metrics"].values.tolist() == [["blue", 4], ["red", 1]]
        assert len(read_frames(connection, wanted)["mart_flow_metrics"]) == 4


def test_rows_are_chosen_by_what_another_table_says_of_their_item():
    with duckdb.connect() as connection:
        connection.execute("create schema flow")
        connection.execute(
            """create table flow.fct_work_items as select * from (values
                ('A-1', true), ('A-2', false), ('A-3', null)) as rows (work_item_id, is_cancelled)"""
        )
        connection.execute(
            """create table flow.fct_stage_visits as select * from (values
                ('A-1', 'dev'), ('A-1', 'test'), ('A-2', 'dev'), ('A-3', 'dev')) as rows (work_item_id, stage_id)"""
        )
        rows = {"fct_stage_visits": {"fct_work_items.is_cancelled": [True], "stage_id": ["dev"]}}
        found = read_frames(connection, {"fct_stage_visits": None}, rows)["fct_stage_visits"]
        assert found.to_numpy().tolist() == [["A-1", "dev"]]
        connection.execute("drop table flow.fct_work_items")
        with pytest.raises(MissingTableError, match="fct_work_items"):
            read_frames(connection, {"fct_stage_visits": None}, rows)


def test_reports_restrict_only_tables_that_they_read():
    assert set(REQUIRED_ROWS) <= set(REQUIRED_FRAMES)
