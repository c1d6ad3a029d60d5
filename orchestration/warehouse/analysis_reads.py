"""What the analyses read that would be too much whole: recent rows, and sums made where the rows are.

Belongs here: reading frames for `orchestration.analysis_steps`. Does not belong here: whole tables (`records`), what is
made of the frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from orchestration.warehouse.stage_visits import ITEM_NUMBER, enums

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


# The active stage that each queue stage is directly before.
_SERVED = """
    served as (
        select queues.stage_id, actives.stage_id as served_stage_id
        from flow.dim_stages as queues
        inner join flow.dim_stages as actives
            on queues.workflow_id = actives.workflow_id and actives.position > queues.position
            and actives.stage_kind = 'active' and actives.is_counted and not actives.is_unmapped
            and not actives.is_cancelled
        where queues.stage_kind = 'queue' and queues.is_counted and not queues.is_unmapped
        qualify row_number() over (partition by queues.stage_id order by actives.position, actives.stage_id) = 1
    )"""


def read_stage_waits(connection: duckdb.DuckDBPyConnection, since: datetime, max_items: int = 10_000) -> pd.DataFrame:
    """Read which share of its flow time each item finished since a moment waited before each active stage it visited.

    The wait is in the queue stages directly before. Items without a usable history or flow time are left out. Of a
    value stream and level with more than ``max_items`` items every n-th is read, by the hash of its id, so that at most
    about so many are: ranks of 10,000 tell a difference as well as those of all. Columns: scope_id (value stream),
    level, stage_name (categories), finished_at, wait_share; in no order.
    """
    types = enums(
        connection,
        """
        select distinct value_stream_id, level, null as stage_name from flow.fct_work_items
        union all select null, null, stage_name from flow.dim_stages""",
    )

    def coded(column: str) -> str:
        return f"cast({column} as {types.get(column.rpartition('.')[2], 'varchar')})"

    return connection.execute(
        f"""
        with {_SERVED},
        finished as materialized (
            select work_item_id, value_stream_id, level, finished_at, flow_time_elapsed_days
            from flow.fct_work_items
            where finished_at >= $since and is_counted and has_usable_history and flow_time_elapsed_days > 0
        ),
        lines as (
            select value_stream_id, level, cast(ceil(count(*) / $max_items) as ubigint) as step
            from finished group by all
        ),
        items as materialized (
            select finished.*, row_number() over () as item
            from finished
            inner join lines on finished.value_stream_id is not distinct from lines.value_stream_id
                and finished.level is not distinct from lines.level
            where hash(finished.work_item_id) % lines.step = 0
        ),
        times as (
            select items.item, coalesce(served.served_stage_id, visits.stage_id) as stage_id,
                sum(case when served.served_stage_id is not null then visits.elapsed_days else 0 end) as wait_days,
                bool_or(visits.stage_kind = 'active') as is_visited
            from flow.fct_stage_visits as visits
            inner join items on visits.work_item_id = items.work_item_id
            left join served on visits.stage_id = served.stage_id
            where not visits.is_after_end
            group by all
        )
        select {coded("items.value_stream_id")} as scope_id, {coded("items.level")} as level,
            {coded("stages.stage_name")} as stage_name, items.finished_at,
            times.wait_days / items.flow_time_elapsed_days as wait_share
        from items
        inner join times using (item)
        inner join flow.dim_stages as stages on times.stage_id = stages.stage_id and stages.stage_kind = 'active'
        where times.is_visited and not stages.is_unmapped""",
        {"since": since, "max_items": max_items},
    ).df()


def read_blocked_stretches(
    connection: duckdb.DuckDBPyConnection, since: datetime, value_streams: Sequence[str] | None = None
) -> pd.DataFrame:
    """Read the stretches of visits to active stages in which the item was blocked, as far as they reach past a moment.

    Spells that overlap, of whatever kind, are one stretch. Of ``value_streams`` only those are read; None reads all.
    Columns: value_stream_id, train_id, level, stage_id, has_usable_history, blocked_from, blocked_to; NULL there while
    the item is blocked and in the stage.
    """
    of_streams = "" if value_streams is None else "and visits.value_stream_id in (select unnest($value_streams))"
    given: dict[str, object] = {} if value_streams is None else {"value_streams": list(value_streams)}
    return connection.execute(
        f"""
        with spells as (
            select distinct work_item_id, started_at, coalesce(ended_at, 'infinity'::timestamptz) as ended_at
            from flow.fct_blocked_spells
        ),
        compared as (
            select *, coalesce(started_at > max(ended_at) over (
                partition by work_item_id order by started_at, ended_at rows between unbounded preceding and 1 preceding
            ), true) as is_new
            from spells
        ),
        numbered as (
            select *, count_if(is_new) over (
                partition by work_item_id order by started_at, ended_at rows between unbounded preceding and current row
            ) as stretch
            from compared
        ),
        stretches as (
            select work_item_id, min(started_at) as started_at, max(ended_at) as ended_at
            from numbered group by work_item_id, stretch
        )
        select visits.value_stream_id, visits.train_id, visits.level, visits.stage_id, visits.has_usable_history,
            greatest(visits.entered_at, stretches.started_at) as blocked_from,
            nullif(least(coalesce(visits.exited_at, 'infinity'), stretches.ended_at), 'infinity') as blocked_to
        from flow.fct_stage_visits as visits
        inner join stretches on visits.work_item_id = stretches.work_item_id
            and stretches.started_at < coalesce(visits.exited_at, 'infinity')
            and stretches.ended_at > visits.entered_at
        where visits.stage_kind = 'active' and coalesce(visits.exited_at, 'infinity') >= $since
            and stretches.ended_at >= $since
            {of_streams}
        order by all""",
        {"since": since, **given},
    ).df()


def read_hand_offs(connection: duckdb.DuckDBPyConnection, columns: Sequence[str], since: datetime) -> pd.DataFrame:
    """Read the hand-offs that were taken since a moment, ordered by item and time.

    Texts of few values are categories, and items are numbers; the other columns are those of ``fct_hand_offs``.
    """
    few = [column for column in columns if column.endswith(("_stream_id", "_train_id", "_team_id", "_stage_id"))]
    few += [column for column in columns if column in ("level", "boundary")]
    types = enums(connection, f"select distinct {', '.join(few)} from flow.fct_hand_offs")
    expressions = {column: column for column in columns} | {
        column: f"cast({column} as {kind})" for column, kind in types.items()
    }
    if "work_item_id" in expressions:
        expressions["work_item_id"] = ITEM_NUMBER
    listed = ", ".join(f'{expression} as "{column}"' for column, expression in expressions.items())
    query = f"select {listed} from flow.fct_hand_offs where taken_at >= $since order by hash(work_item_id), hand_off_id"
    return connection.execute(query, {"since": since}).df()


def read_finished_units(
    connection: duckdb.DuckDBPyConnection, increments: Sequence[tuple[str, date, date]], max_units: int = 1_000
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the flow times of the items finished in increments, and the days that they spent in each counted stage.

    Of a value stream, level and increment with up to ``max_units`` items each is a unit; more are put together into
    about so many units by the hash of their ids. ``increments`` are (id, first day, last day), oldest first.

    Returns two frames. Items: scope_id (value stream), level, increment_id, increment_start, item_id (number of the
    unit), work_type, n_items and flow_days (their sum): a row per unit and type of work. Stage times: item_id,
    stage_name and days (their sum).
    """
    numbers = {
        first + timedelta(days=day): number
        for number, (_, first, last) in enumerate(increments)
        for day in range((last - first).days + 1)
    }
    connection.execute(
        """
        create or replace temporary table finished_items as
        with days as (select unnest($days)::date as finished_date, unnest($numbers)::integer as increment),
        items as materialized (
            select work_item_id, value_stream_id as scope_id, level, work_type, increment,
                cast(round(flow_time_elapsed_days * 86400000000) as bigint) as flow_microseconds
            from flow.fct_work_items
            inner join days using (finished_date)
            where is_counted and has_usable_history and value_stream_id is not null and level is not null
                and flow_time_elapsed_days is not null
        ),
        sizes as (
            select scope_id, level, increment, case when count(*) > $max_units then $max_units end as n_units
            from items group by all
        ),
        placed as materialized (
            select items.*, coalesce(hash(work_item_id) % n_units, hash(work_item_id)) as unit
            from items inner join sizes using (scope_id, level, increment)
        ),
        units as (
            select scope_id, level, increment, unit, min(work_item_id) as first_id from placed group by all
        )
        select placed.*, numbered.item_id
        from placed
        inner join (
            select *, row_number() over (order by scope_id, level, increment, first_id) as item_id from units
        ) as numbered on placed.scope_id = numbered.scope_id and placed.level = numbered.level
            and placed.increment = numbered.increment and placed.unit = numbered.unit""",
        {"days": list(numbers), "numbers": list(numbers.values()), "max_units": max_units},
    )
    items = connection.execute(
        """
        select scope_id, level, list_extract($ids, increment + 1) as increment_id,
            cast(list_extract($starts, increment + 1) as timestamp) as increment_start, item_id, work_type,
            count(*) as n_items, cast(sum(flow_microseconds) as double) / 86400000000 as flow_days
        from finished_items
        group by all
        order by all""",
        {"ids": [name for name, _, _ in increments], "starts": [first for _, first, _ in increments]},
    ).df()
    stage_times = connection.execute(
        """
        select finished_items.item_id, stages.stage_name,
            cast(sum(cast(round(visits.elapsed_days * 86400000000) as bigint)) as double) / 86400000000 as days
        from flow.fct_stage_visits as visits
        inner join flow.dim_stages as stages on visits.stage_id = stages.stage_id
            and stages.is_counted and stages.stage_kind <> 'done'
        inner join finished_items on visits.work_item_id = finished_items.work_item_id
        where not visits.is_after_end
        group by all
        order by all"""
    ).df()
    connection.execute("drop table finished_items")
    return items, stage_times


def count_items_of_events(
    connection: duckdb.DuckDBPyConnection, events: pd.DataFrame, pairs: pd.DataFrame, since: date, until: date
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the items in an active stage, or in the queue directly before it, in some weeks, and those in two of them.

    ``events``: value_stream_id, level, stage_id (the active stage), week_start (a Monday) and ``event``, numbered from
    0; ``pairs``: ``first`` and ``second``, numbers of events. Weeks are those of the visits' local days, between two
    Mondays. Returns the different items per event and those in both events per pair.
    """
    connection.register("events_found", events.astype({"week_start": "datetime64[us]"}))
    connection.register("pairs_found", pairs.assign(pair=range(len(pairs))))
    days = {"since": since, "until": until}
    connection.execute(
        f"""
        create or replace temporary table items_of_events as
        with {_SERVED},
        events as (
            select event, value_stream_id, level, stage_id, week_start::date as week_start,
                min(event) over (partition by value_stream_id, level, stage_id) as place
            from events_found
        ),
        places as (select distinct value_stream_id, level, stage_id, place from events),
        spans as materialized (
            select places.place, hash(visits.work_item_id) as item,
                greatest(date_trunc('week', visits.entered_date)::date, $since::date) as first_week,
                least(
                    date_trunc('week', coalesce(visits.exited_date, $until::date))::date, $until::date - 7
                ) as last_week
            from flow.fct_stage_visits as visits
            left join served on visits.stage_id = served.stage_id
            inner join places on visits.value_stream_id = places.value_stream_id and visits.level = places.level
                and coalesce(served.served_stage_id, visits.stage_id) = places.stage_id
            where visits.has_usable_history and not visits.is_after_end
                and (served.served_stage_id is not null or visits.stage_kind = 'active')
                and visits.entered_date < $until::date
                and (visits.exited_date is null or visits.exited_date >= $since::date)
        ),
        weeks as (
            select place, item, first_week as week_start from spans
            union all
            select place, item, unnest(generate_series(first_week + 7, last_week, interval 7 day))::date
            from spans where last_week > first_week
        )
        select distinct events.event, weeks.item
        from weeks inner join events on weeks.place = events.place and weeks.week_start = events.week_start""",
        days,
    )
    n_items = connection.execute(
        """
        select event, count(items_of_events.item) as n_items
        from events_found left join items_of_events using (event) group by event order by event"""
    ).fetchnumpy()["n_items"]
    n_shared = connection.execute(
        """
        with shared as (
            select pair, count(*) as n_items
            from pairs_found as pairs
            inner join items_of_events as one on one.event = pairs.first
            inner join items_of_events as other on other.event = pairs.second and other.item = one.item
            group by pair
        )
        select coalesce(shared.n_items, 0) as n_items from pairs_found left join shared using (pair) order by pair"""
    ).fetchnumpy()["n_items"]
    connection.execute("drop table items_of_events")
    for name in ("events_found", "pairs_found"):
        connection.unregister(name)
    return np.asarray(n_items, dtype=np.int64), np.asarray(n_shared, dtype=np.int64)
