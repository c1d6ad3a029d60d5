"""What the analyses read of many visits: which items were in a stage in each week, and when they were blocked there."""

from datetime import UTC, datetime

import duckdb
import pandas as pd
import pytest

from orchestration.warehouse import read_blocked_stretches, read_stage_week_items


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema flow")
    connection.execute(
        """
        create table flow.dim_stages as
        select *, true as is_counted, false as is_unmapped, false as is_cancelled
        from (values ('w.ready', 'w', 'queue', 1), ('w.build', 'w', 'active', 2), ('w.done', 'w', 'done', 3))
            as stages (stage_id, workflow_id, stage_kind, position)"""
    )
    connection.execute(
        """
        create table flow.dim_dates as
        select day::date as calendar_date, date_trunc('week', day)::date as iso_week_start
        from generate_series(date '2024-01-01', date '2027-01-01', interval 1 day) as days (day)"""
    )
    connection.execute(
        """
        create table flow.fct_stage_visits as
        select *, 'payments' as value_stream_id, 'story' as level, true as has_usable_history, false as is_after_end,
            exited_date::timestamptz as exited_at
        from (values
            ('old and open', 'w.build', 'active', date '2024-02-01', null),
            ('in its queue', 'w.ready', 'queue', date '2026-06-03', date '2026-06-09'),
            ('over before', 'w.build', 'active', date '2026-05-04', date '2026-05-08')
        ) as visits (work_item_id, stage_id, stage_kind, entered_date, exited_date)"""
    )
    return connection


def test_an_item_counts_in_each_whole_week_that_it_was_there_also_in_its_second_year(connection):
    read = read_stage_week_items(connection, datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 15, tzinfo=UTC))
    weeks = {item: rows["week_start"].dt.strftime("%m-%d").tolist() for item, rows in read.groupby("work_item_id")}
    assert weeks == {"old and open": ["06-01", "06-08"], "in its queue": ["06-01", "06-08"]}
    assert set(read["stage_id"]) == {"w.build"}


def test_blocked_time_is_cut_to_visits_of_active_stages_and_counts_once(connection):
    connection.execute(
        """
        create or replace table flow.fct_stage_visits as
        select work_item_id, stage_id, stage_kind, 'payments' as value_stream_id, 'cards' as train_id,
            'story' as level, true as has_usable_history,
            timestamptz '2026-06-01 00:00:00+00' + to_hours(entered) as entered_at,
            timestamptz '2026-06-01 00:00:00+00' + to_hours(exited) as exited_at
        from (values
            ('a', 'w.ready', 'queue', 0, 10), ('a', 'w.build', 'active', 10, 20), ('a', 'w.build', 'active', 30, null),
            ('b', 'w.build', 'active', 0, 40), ('long ago', 'w.build', 'active', -90, -80)
        ) as visits (work_item_id, stage_id, stage_kind, entered, exited)"""
    )
    connection.execute(
        """
        create table flow.fct_blocked_spells as
        select work_item_id, timestamptz '2026-06-01 00:00:00+00' + to_hours(began) as started_at,
            timestamptz '2026-06-01 00:00:00+00' + to_hours(ended) as ended_at
        from (values
            ('a', 5, 12), ('a', 15, 35), ('a', 38, null),
            ('b', 1, 3), ('b', 1, 3), ('b', 2, 4), ('b', 4, 5), ('b', 7, 8), ('long ago', -85, -84)
        ) as spells (work_item_id, began, ended)"""
    )
    first = datetime(2026, 6, 1, tzinfo=UTC)
    read = read_blocked_stretches(connection, first)
    hours = [
        (
            round((began - first).total_seconds() / 3600),
            None if pd.isna(ended) else (ended - first).total_seconds() / 3600,
        )
        for began, ended in zip(read["blocked_from"], read["blocked_to"], strict=True)
    ]
    assert sorted(hours, key=lambda pair: pair[0]) == [(1, 5), (7, 8), (10, 12), (15, 20), (30, 35), (38, None)]
    assert set(read["stage_id"]) == {"w.build"}
