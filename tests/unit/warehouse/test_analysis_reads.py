"""What the analyses read of many rows, against counting them one by one."""

from datetime import UTC, date, datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration.warehouse import (
    count_items_of_events,
    read_blocked_stretches,
    read_finished_units,
    read_hand_offs,
    read_stage_waits,
    read_visits,
)

MONDAY = date(2026, 6, 1)
SINCE = datetime(2026, 5, 4, tzinfo=UTC)
_STREAMS = ("payments", "it's another")


def lives(n_items: int) -> pd.DataFrame:
    """Return visits of items that wait, are built, tested and done, some of them not yet."""
    generator = np.random.default_rng(7)
    rows = []
    for number in range(n_items):
        moment = pd.Timestamp("2026-03-02", tz="UTC") + pd.Timedelta(hours=float(generator.integers(0, 24 * 90)))
        stages = ["w.ready", "w.build", "w.waiting", "w.test", "w.done"]
        stages = stages[: int(generator.integers(1, 6))]
        for place, stage in enumerate(stages):
            is_last = place == len(stages) - 1
            left = pd.NaT if is_last else moment + pd.Timedelta(hours=float(generator.integers(0, 24 * 20)))
            rows.append(
                {
                    "work_item_id": f"item {number}",
                    "value_stream_id": _STREAMS[number % 2],
                    "level": "story" if number % 5 else None,
                    "stage_id": stage,
                    "stage_kind": {"w.build": "active", "w.test": "active", "w.done": "done"}.get(stage, "queue"),
                    "entered_at": moment,
                    "exited_at": left,
                    "next_stage_id": None if is_last else stages[place + 1],
                    "has_usable_history": bool(number % 7),
                    "is_after_end": False,
                    "work_type": ("feature", "defect", None)[number % 3],
                }
            )
            moment = left
    return pd.DataFrame(rows)


def _connection() -> duckdb.DuckDBPyConnection:
    """Return a warehouse of nothing but stages."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("create schema flow")
    connection.execute(
        """
        create table flow.dim_stages as
        select *, upper(stage_id) as stage_name, true as is_counted, false as is_unmapped, false as is_cancelled
        from (values ('w.ready', 'w', 'queue', 1), ('w.build', 'w', 'active', 2), ('w.waiting', 'w', 'queue', 3),
            ('w.test', 'w', 'active', 4), ('w.done', 'w', 'done', 5))
            as stages (stage_id, workflow_id, stage_kind, position)"""
    )
    return connection


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    return lives(400)


@pytest.fixture(scope="module")
def connection(visits) -> duckdb.DuckDBPyConnection:
    connection = _connection()
    connection.register("made", visits)
    connection.execute(
        """
        create table flow.fct_stage_visits as
        select *, entered_at::date as entered_date, exited_at::date as exited_date,
            (epoch(exited_at) - epoch(entered_at)) / 86400 as elapsed_days
        from made"""
    )
    connection.execute(
        """
        create table flow.fct_work_items as
        select work_item_id, value_stream_id, level, work_type, has_usable_history, true as is_counted,
            max(entered_at) filter (where stage_kind = 'done') as finished_at,
            (max(entered_at) filter (where stage_kind = 'done'))::date as finished_date,
            (epoch(finished_at) - epoch(min(entered_at))) / 86400 as flow_time_elapsed_days
        from flow.fct_stage_visits group by all"""
    )
    connection.execute(
        """
        create table flow.fct_hand_offs as
        select work_item_id || stage_id as hand_off_id, work_item_id, level, 'team' as boundary,
            value_stream_id as from_value_stream_id, stage_id as to_stage_id, exited_at as taken_at
        from flow.fct_stage_visits where exited_at is not null"""
    )
    return connection


def test_an_item_counts_in_each_week_that_it_was_there_also_in_its_second_year():
    connection = _connection()
    connection.execute(
        """
        create table flow.fct_stage_visits as
        select *, 'payments' as value_stream_id, 'story' as level, true as has_usable_history, false as is_after_end
        from (values
            ('old and open', 'w.build', 'active', date '2024-02-01', null),
            ('in its queue', 'w.ready', 'queue', date '2026-06-03', date '2026-06-09'),
            ('over before', 'w.build', 'active', date '2026-05-04', date '2026-05-08')
        ) as visits (work_item_id, stage_id, stage_kind, entered_date, exited_date)"""
    )
    events = pd.DataFrame(
        {
            "value_stream_id": "payments",
            "level": "story",
            "stage_id": "w.build",
            "week_start": pd.to_datetime([MONDAY + timedelta(weeks=number) for number in (-1, 0, 1)]),
            "event": range(3),
        }
    )
    pairs = pd.DataFrame({"first": [0, 1], "second": [1, 2]})
    n_items, n_shared = count_items_of_events(
        connection, events, pairs, MONDAY - timedelta(weeks=1), MONDAY + timedelta(weeks=2)
    )
    assert n_items.tolist() == [1, 2, 2]
    assert n_shared.tolist() == [1, 2]


def test_blocked_time_is_cut_to_visits_of_active_stages_and_counts_once():
    connection = _connection()
    connection.execute(
        """
        create table flow.fct_stage_visits as
        select work_item_id, stage_id, stage_kind, if(work_item_id = 'a', 'payments', 'loans') as value_stream_id,
            'cards' as train_id, 'story' as level, true as has_usable_history,
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
    of_one = read_blocked_stretches(connection, first, ["loans"])
    pd.testing.assert_frame_equal(of_one, read.loc[read["value_stream_id"] == "loans"].reset_index(drop=True))


def test_visits_are_those_that_reach_into_the_time_and_the_first_of_each_line(connection, visits):
    columns = ["value_stream_id", "level", "stage_id", "next_stage_id", "entered_at", "exited_at", "has_usable_history"]
    read = read_visits(connection, columns, SINCE)
    first = visits.groupby(["value_stream_id", "level", "has_usable_history"], dropna=False)["entered_at"].transform(
        "min"
    )
    expected = visits.loc[
        visits["exited_at"].isna() | (visits["exited_at"] >= SINCE) | visits["entered_at"].isin(set(first)), columns
    ]
    assert isinstance(read["stage_id"].dtype, pd.CategoricalDtype)
    keys = columns[:6]
    texts = dict.fromkeys(columns[:4], "object")
    pd.testing.assert_frame_equal(
        read.astype(texts).sort_values(keys, ignore_index=True),
        expected.astype(texts).sort_values(keys, ignore_index=True),
        check_dtype=False,
    )
    of_one = read_visits(connection, columns, SINCE, [_STREAMS[1]])
    assert len(of_one) == (expected["value_stream_id"] == _STREAMS[1]).sum()


def test_items_are_numbers_and_the_first_visits_are_left_out_where_nobody_asks_for_them(connection, visits):
    columns = ["work_item_id", "stage_id", "entered_at", "exited_at"]
    read = read_visits(connection, columns, SINCE, is_item_numbered=True, has_firsts=False)
    near = visits.loc[visits["exited_at"].isna() | (visits["exited_at"] >= SINCE)]
    assert len(read) == len(near)
    assert pd.api.types.is_integer_dtype(read["work_item_id"].dtype)
    assert read["work_item_id"].nunique() == near["work_item_id"].nunique()


def items_in(visits: pd.DataFrame, stage: str, week: date) -> set[str]:
    """Return the items in a stage or the queue before it in a week, counted one by one."""
    queue = {"w.build": "w.ready", "w.test": "w.waiting"}[stage]
    days = visits.loc[visits["has_usable_history"] & (visits["value_stream_id"] == "payments")]
    days = days.loc[days["level"].eq("story") & days["stage_id"].isin([stage, queue])]
    left = days["exited_at"].dt.date
    is_there = (days["entered_at"].dt.date <= week + timedelta(days=6)) & (days["exited_at"].isna() | (left >= week))
    return set(days.loc[is_there, "work_item_id"])


def test_items_of_stage_weeks_are_counted_once_alone_and_together(connection, visits):
    weeks = [MONDAY + timedelta(weeks=number) for number in (-2, -1, 0, 1)]
    keys = [(stage, week) for stage in ("w.build", "w.test") for week in weeks]
    events = pd.DataFrame(
        {
            "value_stream_id": "payments",
            "level": "story",
            "stage_id": [stage for stage, _ in keys],
            "week_start": pd.to_datetime([week for _, week in keys]),
            "event": range(len(keys)),
        }
    )
    pairs = pd.DataFrame(
        [(first, second) for first in range(8) for second in range(first + 1, 8)], columns=["first", "second"]
    )
    n_items, n_shared = count_items_of_events(connection, events, pairs, weeks[0], weeks[-1] + timedelta(weeks=1))
    expected = [items_in(visits, stage, week) for stage, week in keys]
    assert n_items.tolist() == [len(items) for items in expected]
    assert n_shared.tolist() == [len(expected[first] & expected[second]) for first, second in pairs.to_numpy()]
    assert n_items.min() > 0
    nothing = count_items_of_events(connection, events.iloc[:0], pairs.iloc[:0], weeks[0], weeks[-1])
    assert [counts.tolist() for counts in nothing] == [[], []]


def test_a_few_finished_items_are_units_of_their_own_and_many_share_them(connection):
    increments = [("PI-1", date(2026, 3, 2), date(2026, 4, 30)), ("PI-2", date(2026, 5, 1), date(2026, 6, 30))]
    items, stage_times = read_finished_units(connection, increments)
    rows = connection.execute(
        """
        select work_item_id, value_stream_id, work_type, flow_time_elapsed_days as days, finished_date
        from flow.fct_work_items
        where has_usable_history and level is not null and finished_date between date '2026-03-02' and date '2026-06-30'
        """
    ).df()
    assert (items["n_items"] == 1).all()
    assert len(items) == len(rows) == items["item_id"].nunique()
    assert sorted(items["flow_days"]) == pytest.approx(sorted(rows["days"]))
    # The units are numbered in the order of value stream, level, increment and item.
    ordered = rows.assign(increment=rows["finished_date"] >= pd.Timestamp("2026-05-01")).sort_values(
        ["value_stream_id", "increment", "work_item_id"]
    )
    assert items["flow_days"].tolist() == pytest.approx(ordered["days"].tolist())
    assert items["increment_id"].tolist() == np.where(ordered["increment"], "PI-2", "PI-1").tolist()
    in_stages = stage_times.groupby("item_id")["days"].sum().reindex(items["item_id"]).fillna(0)
    assert in_stages.tolist() == pytest.approx(items["flow_days"].tolist())

    shared, shared_times = read_finished_units(connection, increments, max_units=5)
    sizes = shared.groupby(["scope_id", "increment_id"])["item_id"].nunique()
    assert sizes.max() <= 5
    assert shared["n_items"].sum() == len(rows)
    assert shared["flow_days"].sum() == pytest.approx(rows["days"].sum())
    assert shared_times["days"].sum() == pytest.approx(stage_times["days"].sum())
    assert not shared.duplicated(["item_id", "work_type"]).any()


def test_waits_are_of_all_items_or_of_a_part_chosen_by_their_ids(connection, visits):
    whole = read_stage_waits(connection, SINCE)
    finished = visits.loc[
        visits["stage_kind"].eq("done") & (visits["entered_at"] >= SINCE) & visits["has_usable_history"]
    ]
    waited = visits.loc[
        visits["work_item_id"].isin(finished["work_item_id"]) & visits["stage_id"].isin(["w.ready", "w.waiting"])
    ]
    days = (waited["exited_at"] - waited["entered_at"]).dt.total_seconds() / 86400
    life = visits.groupby("work_item_id")["entered_at"].agg(
        lambda moments: (moments.max() - moments.min()).total_seconds() / 86400
    )
    expected = (days / waited["work_item_id"].map(life)).where(np.isfinite).dropna()
    assert sorted(whole["wait_share"]) == pytest.approx(sorted(expected))
    part, again = (read_stage_waits(connection, SINCE, max_items=20) for _ in range(2))
    assert 0 < len(part) < len(whole)
    assert set(part["wait_share"]) <= set(whole["wait_share"])
    assert sorted(part["wait_share"]) == sorted(again["wait_share"])


def test_hand_offs_are_those_taken_since_with_their_items_as_numbers(connection, visits):
    read = read_hand_offs(connection, ["work_item_id", "level", "from_value_stream_id", "taken_at"], SINCE)
    taken = visits.loc[visits["exited_at"] >= SINCE]
    assert len(read) == len(taken)
    assert read["work_item_id"].nunique() == taken["work_item_id"].nunique()
    assert read["from_value_stream_id"].value_counts().to_dict() == taken["value_stream_id"].value_counts().to_dict()
