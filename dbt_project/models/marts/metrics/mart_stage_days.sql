-- Days of a stage in each scope: what the teams' days and work types add up to. An item that changed its work type
-- where it was did not move, so it is taken out of arrivals and departures.
with stage_days as (

    select * from {{ ref('fct_stage_days') }}

),

visits as (

    select * from {{ ref('fct_stage_visits') }}

),

stages as (

    select * from {{ ref('dim_stages') }}

),

scopes as (
    {{ reporting_scopes(with_portfolio=false) }}
),

backward_visits as (

    select
        team_id,
        level,
        stage_id,
        entered_date as calendar_date,
        count(*) as n_backward_arrivals
    from visits
    where is_backward
    group by team_id, level, stage_id, entered_date

),

team_days as (

    select
        team_id,
        level,
        stage_id,
        calendar_date,
        sum(n_arrivals - n_retyped) as n_arrivals,
        sum(n_departures - n_retyped) as n_departures,
        sum(n_wip) as n_wip,
        sum(n_first_reached) as n_first_reached
    from stage_days
    group by team_id, level, stage_id, calendar_date

),

scope_days as (

    select
        scopes.scope_type,
        scopes.scope_id,
        scopes.scope_name,
        scopes.value_stream_id,
        team_days.level,
        team_days.stage_id,
        team_days.calendar_date,
        sum(team_days.n_arrivals) as n_arrivals,
        sum(team_days.n_departures) as n_departures,
        sum(team_days.n_wip) as n_wip,
        sum(coalesce(backward_visits.n_backward_arrivals, 0)) as n_backward_arrivals,
        sum(team_days.n_first_reached) as n_first_reached
    from team_days
    inner join scopes on team_days.team_id = scopes.team_id
    left join backward_visits
        on team_days.team_id = backward_visits.team_id
        and team_days.level = backward_visits.level
        and team_days.stage_id = backward_visits.stage_id
        and team_days.calendar_date = backward_visits.calendar_date
    group by
        scopes.scope_type, scopes.scope_id, scopes.scope_name, scopes.value_stream_id, team_days.level,
        team_days.stage_id, team_days.calendar_date

)

select
    scope_days.scope_type,
    scope_days.scope_id,
    scope_days.scope_name,
    scope_days.value_stream_id,
    scope_days.level,
    scope_days.stage_id,
    stages.stage_name,
    stages.stage_kind,
    stages.position as stage_position,
    scope_days.calendar_date,
    cast(scope_days.n_arrivals as integer) as n_arrivals,
    cast(scope_days.n_departures as integer) as n_departures,
    cast(scope_days.n_wip as integer) as n_wip,
    cast(scope_days.n_backward_arrivals as integer) as n_backward_arrivals,
    cast(scope_days.n_first_reached as integer) as n_first_reached,
    cast(sum(scope_days.n_first_reached) over (
        partition by scope_days.scope_type, scope_days.scope_id, scope_days.level, scope_days.stage_id
        order by scope_days.calendar_date
        rows between unbounded preceding and current row
    ) as integer) as n_reached_total
from scope_days
inner join stages on scope_days.stage_id = stages.stage_id
