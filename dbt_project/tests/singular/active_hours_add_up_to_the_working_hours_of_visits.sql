{{ config(meta={'dagster': {'ref': {'name': 'fct_active_hours'}}}) }}
-- Hours by day and hours by visit are computed in two ways. They agree stage by stage where all teams keep one
-- calendar; with several, an item that changes its team in mid-stage changes its calendar too, and a visit keeps that
-- of its entry.
with places as (

    select count(distinct location_id) as n_locations from {{ ref('dim_teams') }}

),

by_day as (

    select
        stage_id,
        sum(active_working_hours + blocked_working_hours) as hours
    from {{ ref('fct_active_hours') }}
    group by stage_id

),

by_visit as (

    select
        stage_id,
        sum(working_hours) as hours
    from {{ ref('fct_stage_visits') }}
    where stage_kind = 'active'
        and has_usable_history
    group by stage_id

)

select
    by_visit.stage_id,
    by_visit.hours as hours_of_visits,
    by_day.hours as hours_of_days
from by_visit
cross join places
left join by_day on by_visit.stage_id = by_day.stage_id
where places.n_locations = 1
    and abs(by_visit.hours - coalesce(by_day.hours, 0)) > 0.01 + by_visit.hours * 0.000001
