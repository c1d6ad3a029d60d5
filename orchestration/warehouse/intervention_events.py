"""The single events behind an intervention's metric of rare events.

Belongs here: when each event that the marts count in a scope happened, and what it could have happened on since the one
before. Does not belong here: what is made of the gaps between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pandas as pd


def read_intervention_events(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Read every event that an intervention's metric counts, in its scope.

    Returns ``intervention_id``, ``metric``, ``occurred_at`` (UTC without a zone), ``occurred_on`` (local day) and
    ``items_between``: of failed deployments those that went well since the last failure, else missing. In order of
    time.
    """
    return connection.execute(
        """
        with defects as (
            select visits.team_id, teams.train_id, teams.value_stream_id, visits.entered_at, visits.entered_date,
                facts.is_escaped, facts.is_safety
            from flow.fct_stage_visits as visits
            inner join flow.fct_defects as facts on visits.work_item_id = facts.work_item_id
            inner join flow.dim_teams as teams on visits.team_id = teams.team_id
            where visits.visit_sequence = 1
        ),
        deployments as (
            select team_id, train_id, value_stream_id, coalesce(finished_at, started_at) as ended_at, deployed_date,
                is_failed, deployment_id
            from flow.fct_deployments
            where is_production and result in ('success', 'failure')
        ),
        events as (
            select 'defects' as metric, team_id, train_id, value_stream_id, entered_at as moment, entered_date as day,
                null as deployment_id, true as is_event
            from defects
            union all
            select 'escaped_defects', team_id, train_id, value_stream_id, entered_at, entered_date, null, true
            from defects where is_escaped
            union all
            select 'safety_defects', team_id, train_id, value_stream_id, entered_at, entered_date, null, true
            from defects where is_safety
            union all
            select 'incidents', team_id, train_id, value_stream_id, opened_at, opened_date, null, true
            from flow.fct_incidents
            union all
            select 'deployments', team_id, train_id, value_stream_id, ended_at, deployed_date, null, true
            from deployments
            union all
            select 'failed_deployments', team_id, train_id, value_stream_id, ended_at, deployed_date, deployment_id,
                is_failed
            from deployments
        ),
        placed as (
            select metrics.intervention_id, metrics.metric, events.moment, events.day, events.is_event,
                row_number() over (
                    partition by metrics.intervention_id, metrics.metric order by events.moment, events.deployment_id
                ) as place
            from flow.dim_intervention_metrics as metrics
            inner join events
                on metrics.metric = events.metric
                and metrics.scope_id = case metrics.scope_type
                    when 'team' then events.team_id
                    when 'train' then events.train_id
                    else events.value_stream_id
                end
            where events.moment is not null and events.day is not null
        )

        select intervention_id, metric,
            cast(timezone('UTC', moment) as timestamp) as occurred_at,
            cast(day as timestamp) as occurred_on,
            case when metric = 'failed_deployments'
                then cast(place - lag(place) over (
                    partition by intervention_id, metric order by place
                ) - 1 as double)
            end as items_between
        from placed where is_event
        order by intervention_id, metric, place"""
    ).df()
