"""The single items behind an intervention's metric.

Belongs here: which items of the facts a metric of durations rests on, as the marts count them. Does not belong here:
what is made of their durations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pandas as pd


def read_intervention_items(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Read every item that an intervention's metric of durations counts, in its scope and level.

    Returns ``intervention_id``, ``metric``, ``week_start`` of the local week it finished in (or its visit to the stage
    ended in) and ``duration`` in elapsed days, in a stable order.
    """
    return connection.execute(
        """
        with items as (
            select
                interventions.intervention_id, interventions.metric,
                date_trunc('week', facts.finished_date) as week_start,
                case interventions.metric
                    when 'cycle_time' then facts.cycle_time_elapsed_days
                    when 'flow_time' then facts.flow_time_elapsed_days
                    when 'lead_time' then facts.lead_time_elapsed_days
                end as duration
            from flow.dim_intervention_metrics as interventions
            inner join flow.fct_work_items as facts
                on interventions.level = facts.level
                and interventions.scope_id = case interventions.scope_type
                    when 'team' then facts.team_id
                    when 'train' then facts.train_id
                    else facts.value_stream_id
                end
            where interventions.metric in ('cycle_time', 'flow_time', 'lead_time')
                and facts.is_counted and facts.finished_date is not null
            union all
            select
                interventions.intervention_id, interventions.metric,
                date_trunc('week', visits.exited_date) as week_start, visits.elapsed_days as duration
            from flow.dim_intervention_metrics as interventions
            inner join flow.fct_stage_visits as visits
                on interventions.value_stream_id = visits.value_stream_id
                and interventions.stage_id = visits.stage_id
                and interventions.level = visits.level
            where interventions.metric = 'stage_time'
                and not visits.is_open and not visits.is_after_end and visits.has_usable_history
        )

        select intervention_id, metric, cast(week_start as timestamp) as week_start, duration
        from items where duration is not null
        order by all"""
    ).df()
