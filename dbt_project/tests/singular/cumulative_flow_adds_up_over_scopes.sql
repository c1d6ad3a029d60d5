{{ config(meta={'dagster': {'ref': {'name': 'mart_stage_days'}}}) }}
-- Every team is in one train and one value stream: a stage's day holds the same items whatever scope they are seen in.
-- Of what a scope holds nothing is lost or counted twice, and it changes only by arrivals and departures.
with days as (

    select
        *,
        lag(n_wip, 1, 0) over (
            partition by scope_type, scope_id, level, stage_id order by calendar_date
        ) as n_wip_before
    from {{ ref('mart_stage_days') }}

),

totals as (

    select
        level,
        stage_id,
        calendar_date,
        sum(case when scope_type = 'team' then n_wip else 0 end) as n_wip_of_teams,
        sum(case when scope_type = 'train' then n_wip else 0 end) as n_wip_of_trains,
        sum(case when scope_type = 'value_stream' then n_wip else 0 end) as n_wip_of_value_streams
    from days
    group by level, stage_id, calendar_date

)

select
    'the day before plus arrivals minus departures' as compared_with,
    scope_id,
    level,
    stage_id,
    calendar_date,
    n_wip,
    n_wip_before + n_arrivals - n_departures as n_expected
from days
where n_wip <> n_wip_before + n_arrivals - n_departures

union all

select
    'the other scopes' as compared_with,
    'all' as scope_id,
    level,
    stage_id,
    calendar_date,
    n_wip_of_value_streams as n_wip,
    n_wip_of_teams as n_expected
from totals
where n_wip_of_value_streams <> n_wip_of_teams
    or n_wip_of_value_streams <> n_wip_of_trains
