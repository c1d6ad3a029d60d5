"""What forecasts are made from, summed up or joined in the database: whole fact tables never leave it.

Belongs here: those queries. Does not belong here: what is forecast (``orchestration.analytics``).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pandas as pd


def read_stage_load(connection: duckdb.DuckDBPyConnection, since: date) -> dict[str, pd.DataFrame]:
    """Return moves, hours in work and hours of people, each by week (its Monday), from the week of a day on.

    ``moves``: value_stream_id, train_id, stage_id, next_stage_id, week_start, n_entered, n_left. Entries have no next
    stage; exits tell to which stage. Visits after the item's end are left out. ``hours``: value_stream_id, train_id,
    team_id, stage_id, week_start, work_hours (not blocked). ``people``: team_id, role, week_start, available_hours; the
    role in small letters, as the register of capacity does not tell capitals apart.
    """
    # Hours are summed in whole microseconds: a sum of fractions differs in its last digits from run to run.
    queries = {
        "moves": """
            select value_stream_id, train_id, stage_id, cast(null as varchar) as next_stage_id,
                date_trunc('week', entered_date)::date as week_start, count(*) as n_entered, 0 as n_left
            from flow.fct_stage_visits
            where entered_date >= $since and not is_after_end
            group by all
            union all
            select value_stream_id, train_id, stage_id, next_stage_id,
                date_trunc('week', exited_date)::date as week_start, 0 as n_entered, count(*) as n_left
            from flow.fct_stage_visits
            where exited_date >= $since and not is_after_end
            group by all
            order by all""",
        "hours": """
            select value_stream_id, train_id, team_id, stage_id, date_trunc('week', calendar_date)::date as week_start,
                cast(sum(cast(round(active_working_hours * 1000000) as bigint)) as double) / 1000000 as work_hours
            from flow.fct_active_hours
            where calendar_date >= $since
            group by all
            order by all""",
        "people": """
            select team_id, lower(role) as role, date_trunc('week', calendar_date)::date as week_start,
                cast(sum(cast(round(available_hours * 1000000) as bigint)) as double) / 1000000 as available_hours
            from flow.fct_capacity_days
            where calendar_date >= $since
            group by all
            order by all""",
    }
    return {name: connection.execute(query, {"since": since}).df() for name, query in queries.items()}


def read_parents(connection: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    """Return the counted items that may have children, and the counted children with the days of their lives.

    ``parents``: work_item_id, value_stream_id, level, is_open; all above stories, whether they have a child or not.
    ``children``: work_item_id, parent_work_item_id, level, joined_date, started_date, finished_date, cancelled_date; in
    any order, some with a parent that is not counted. A child is its last parent's, and one that was removed from its
    tool before its end counts as cancelled on that day. Days are those of its value stream's clock.
    """
    local = "(({moment}) at time zone coalesce(streams.timezone, 'UTC'))::date"
    queries = {
        "parents": """
            select work_item_id, value_stream_id, level,
                not (is_finished or is_cancelled or removed_at is not null) as is_open
            from flow.fct_work_items
            where is_counted and level <> 'story'
            order by all""",
        "children": f"""
            select
                items.work_item_id, spells.parent_work_item_id, items.level,
                {local.format(moment="spells.started_at")} as joined_date,
                items.started_date, items.finished_date,
                coalesce(items.cancelled_date, case when items.finished_date is null
                    then {local.format(moment="items.removed_at")} end) as cancelled_date
            from flow.fct_parent_spells as spells
            inner join flow.fct_work_items as items using (work_item_id)
            left join flow.dim_value_streams as streams on streams.value_stream_id = items.value_stream_id
            where spells.is_open and items.is_counted""",
    }
    return {name: connection.execute(query).df() for name, query in queries.items()}
