"""What the analyses read that would be too much whole: recent rows, and sums made where the rows are.

Belongs here: reading frames for `orchestration.analysis_steps`. Does not belong here: whole tables (`records`), what is
made of the frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pandas as pd


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


def read_stage_waits(connection: duckdb.DuckDBPyConnection, since: datetime) -> pd.DataFrame:
    """Read which share of its flow time each item finished since a moment waited before each active stage it visited.

    The wait is in the queue stages directly before. Items without a usable history or flow time are left out. Columns:
    scope_id (value stream), level, stage_name, finished_at, wait_share.
    """
    return connection.execute(
        f"""
        with {_SERVED},
        times as (
            select visits.work_item_id, coalesce(served.served_stage_id, visits.stage_id) as stage_id,
                sum(case when served.served_stage_id is not null then visits.elapsed_days else 0 end) as wait_days,
                bool_or(visits.stage_kind = 'active') as is_visited
            from flow.fct_stage_visits as visits
            left join served on visits.stage_id = served.stage_id
            where not visits.is_after_end
            group by all
        )
        select items.value_stream_id as scope_id, items.level, stages.stage_name, items.finished_at,
            times.wait_days / items.flow_time_elapsed_days as wait_share
        from flow.fct_work_items as items
        inner join times using (work_item_id)
        inner join flow.dim_stages as stages on times.stage_id = stages.stage_id and stages.stage_kind = 'active'
        where items.finished_at >= $since and items.is_counted and items.has_usable_history
            and items.flow_time_elapsed_days > 0 and times.is_visited and not stages.is_unmapped
        order by all""",
        {"since": since},
    ).df()


def read_blocked_stretches(connection: duckdb.DuckDBPyConnection, since: datetime) -> pd.DataFrame:
    """Read the stretches of visits to active stages in which the item was blocked, as far as they reach past a moment.

    Spells that overlap, of whatever kind, are one stretch. Columns: value_stream_id, train_id, level, stage_id,
    has_usable_history, blocked_from, blocked_to; NULL there while the item is blocked and in the stage.
    """
    return connection.execute(
        """
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
        order by all""",
        {"since": since},
    ).df()


def read_rows_since(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], moment: str, since: datetime
) -> pd.DataFrame:
    """Read the rows of a table of the schema `flow` whose column `moment` is not before a moment, in a stable order."""
    listed = ", ".join(f'"{column}"' for column in columns)
    query = f'select {listed} from flow.{table} where "{moment}" >= $since order by all'
    return connection.execute(query, {"since": since}).df()


def read_stage_times(connection: duckdb.DuckDBPyConnection, since: datetime) -> pd.DataFrame:
    """Read the elapsed days of each item finished since a moment in each counted stage: item_id, stage_name, days."""
    return connection.execute(
        """
        select visits.work_item_id as item_id, stages.stage_name, sum(visits.elapsed_days) as days
        from flow.fct_stage_visits as visits
        inner join flow.dim_stages as stages on visits.stage_id = stages.stage_id
            and stages.is_counted and stages.stage_kind <> 'done'
        inner join flow.fct_work_items as items on visits.work_item_id = items.work_item_id
        where items.finished_at >= $since and items.has_usable_history and not visits.is_after_end
        group by all order by all""",
        {"since": since},
    ).df()


def read_stage_week_items(connection: duckdb.DuckDBPyConnection, since: datetime, until: datetime) -> pd.DataFrame:
    """Read which items were in each active stage, or in the queue directly before it, in each week between two moments.

    Columns: value_stream_id, level, stage_id (the active stage), week_start, work_item_id; each once. Weeks are those
    of dim_dates on the visits' local days.
    """
    return connection.execute(
        f"""
        with {_SERVED}
        select distinct visits.value_stream_id, visits.level, coalesce(served_stage_id, visits.stage_id) as stage_id,
            dates.iso_week_start as week_start, visits.work_item_id
        from flow.fct_stage_visits as visits
        left join served on visits.stage_id = served.stage_id
        inner join flow.dim_dates as dates on dates.calendar_date = dates.iso_week_start
            and dates.iso_week_start >= $since::date and dates.iso_week_start < $until::date
            and (visits.exited_date is null or dates.iso_week_start <= visits.exited_date)
            and dates.iso_week_start + 6 >= visits.entered_date
        where visits.has_usable_history and not visits.is_after_end and visits.level is not null
            and (served.served_stage_id is not null or visits.stage_kind = 'active')
            and (visits.exited_at is null or visits.exited_at >= $since)
        order by all""",
        {"since": since, "until": until},
    ).df()
