{{ config(meta={'dagster': {'ref': {'name': 'fct_stage_days'}}}) }}
-- wip(t) = wip(t-1) + arrivals(t) - departures(t) for each stage and day, and the last day's count is the number of
-- items that are truly there.
with days as (

    select
        *,
        lag(n_wip, 1, 0) over (
            partition by value_stream_id, team_id, level, stage_id order by calendar_date
        ) as n_wip_before,
        row_number() over (
            partition by value_stream_id, team_id, level, stage_id order by calendar_date desc
        ) as days_back
    from {{ ref('fct_stage_days') }}

),

there as (

    select
        current_stage_id as stage_id,
        count(*) as n_there
    from {{ ref('fct_work_items') }}
    where is_counted
    group by current_stage_id

),

last_days as (

    select
        stage_id,
        sum(n_wip) as n_wip
    from days
    where days_back = 1
    group by stage_id

)

select
    stage_id,
    cast(calendar_date as varchar) as place,
    n_wip
from days
where n_wip <> n_wip_before + n_arrivals - n_departures
    or n_wip < 0

union all

select
    last_days.stage_id,
    'last day' as place,
    last_days.n_wip
from last_days
left join there on last_days.stage_id = there.stage_id
where last_days.n_wip <> coalesce(there.n_there, 0)
