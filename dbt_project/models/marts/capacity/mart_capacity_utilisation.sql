{#- Who is asked for more than this share of their time has no slack left, and work queues up in front of them. -#}
{%- set planned_share = 0.85 -%}
{%- set scarce_from = 0.90 -%}
{%- set excess_below = 0.60 -%}
-- Demand and supply of each role in each team, week by week. Roles are told apart whatever their capitals.
with capacity_days as (

    select * from {{ ref('fct_capacity_days') }}

),

worklogs as (

    select * from {{ ref('fct_worklogs') }} where team_id is not null

),

stage_roles as (

    select
        stage_id,
        lower(role) as role_key,
        role
    from {{ ref('dim_stage_roles') }}

),

teams as (

    select * from {{ ref('dim_teams') }}

),

dates as (

    select
        calendar_date,
        iso_week_start
    from {{ ref('dim_dates') }}

),

as_of_weeks as (

    select
        value_streams.value_stream_id,
        dates.iso_week_start as as_of_week,
        {{ local_time('sources.as_of', 'value_streams.timezone') }} as as_of_local
    from {{ ref('dim_value_streams') }} as value_streams
    cross join (select max(as_of) as as_of from {{ ref('dim_sources') }}) as sources
    inner join dates on {{ local_date('sources.as_of', 'value_streams.timezone') }} = dates.calendar_date

),

capacity_weeks as (

    select
        capacity_days.team_id,
        lower(capacity_days.role) as role_key,
        dates.iso_week_start as week_start,
        min(capacity_days.role) as role,
        min(capacity_days.calendar_date) as first_date,
        {{ sum_of_seconds('capacity_days.headcount') }} / count(distinct capacity_days.calendar_date) as headcount,
        {{ sum_of_seconds('capacity_days.available_hours') }} as available_hours,
        {{ sum_of_seconds('capacity_days.cost') }} as cost
    from capacity_days
    inner join dates on capacity_days.calendar_date = dates.calendar_date
    group by capacity_days.team_id, lower(capacity_days.role), dates.iso_week_start

),

-- Hours of all kinds by team, stage and week, before they are given to roles.
stage_hours as (

    select
        hours.team_id,
        hours.stage_id,
        dates.iso_week_start as week_start,
        {{ sum_of_seconds('hours.active_working_hours') }} as stage_hours,
        {{ sum_of_seconds('hours.unmeasured_working_hours') }} as unmeasured_hours,
        cast(null as double) as logged_hours
    from {{ ref('fct_active_hours') }} as hours
    inner join dates on hours.calendar_date = dates.calendar_date
    group by hours.team_id, hours.stage_id, dates.iso_week_start

    union all

    select
        worklogs.team_id,
        worklogs.active_stage_id as stage_id,
        dates.iso_week_start as week_start,
        cast(null as double) as stage_hours,
        cast(null as double) as unmeasured_hours,
        {{ sum_of_seconds('worklogs.hours') }} as logged_hours
    from worklogs
    inner join dates on worklogs.worked_date = dates.calendar_date
    where worklogs.active_stage_id is not null
    group by worklogs.team_id, worklogs.active_stage_id, dates.iso_week_start

),

logging_weeks as (

    select distinct
        worklogs.team_id,
        dates.iso_week_start as week_start
    from worklogs
    inner join dates on worklogs.worked_date = dates.calendar_date
    where worklogs.hours > 0

),

stage_supplies as (

    select
        places.team_id,
        places.stage_id,
        places.week_start,
        count(*) as n_roles,
        {{ sum_of_seconds('capacity_weeks.available_hours') }} as available_hours
    from (select distinct team_id, stage_id, week_start from stage_hours) as places
    inner join stage_roles on places.stage_id = stage_roles.stage_id
    left join capacity_weeks
        on places.team_id = capacity_weeks.team_id
        and places.week_start = capacity_weeks.week_start
        and stage_roles.role_key = capacity_weeks.role_key
    group by places.team_id, places.stage_id, places.week_start

),

-- A stage that several roles work in takes of each as much as there is of it, so that its hours count once; where the
-- register knows none of them, the same of each.
shared as (

    select
        stage_hours.*,
        stage_roles.role_key,
        stage_roles.role,
        case
            when stage_supplies.available_hours > 0
                then coalesce(capacity_weeks.available_hours, 0) / stage_supplies.available_hours
            else 1.0 / stage_supplies.n_roles
        end as role_share
    from stage_hours
    inner join stage_roles on stage_hours.stage_id = stage_roles.stage_id
    inner join stage_supplies
        on stage_hours.team_id = stage_supplies.team_id
        and stage_hours.stage_id = stage_supplies.stage_id
        and stage_hours.week_start = stage_supplies.week_start
    left join capacity_weeks
        on stage_hours.team_id = capacity_weeks.team_id
        and stage_hours.week_start = capacity_weeks.week_start
        and stage_roles.role_key = capacity_weeks.role_key

),

demand_weeks as (

    select
        team_id,
        role_key,
        week_start,
        min(role) as role,
        {{ sum_of_seconds('stage_hours * role_share') }} as stage_hours,
        {{ sum_of_seconds('unmeasured_hours * role_share') }} as unmeasured_hours,
        {{ sum_of_seconds('logged_hours * role_share') }} as logged_hours
    from shared
    group by team_id, role_key, week_start

),

lines as (

    select
        team_id,
        role_key,
        coalesce(min(capacity_role), min(stage_role)) as role,
        min(week_start) as first_week,
        min(first_date) as first_capacity_date
    from (
        select
            team_id,
            role_key,
            role as capacity_role,
            cast(null as varchar) as stage_role,
            week_start,
            first_date
        from capacity_weeks

        union all

        select
            team_id,
            role_key,
            cast(null as varchar) as capacity_role,
            role as stage_role,
            week_start,
            cast(null as date) as first_date
        from demand_weeks
    ) as either
    group by team_id, role_key

),

weeks as (

    select
        lines.team_id,
        lines.role_key,
        lines.role,
        teams.train_id,
        teams.value_stream_id,
        dates.iso_week_start as week_start,
        cast({{ plus_days('dates.iso_week_start', 7) }} as timestamp) <= as_of_weeks.as_of_local
        and dates.iso_week_start >= coalesce(lines.first_capacity_date, lines.first_week) as is_complete
    from lines
    inner join teams on lines.team_id = teams.team_id
    inner join as_of_weeks on teams.value_stream_id = as_of_weeks.value_stream_id
    inner join dates
        on dates.calendar_date = dates.iso_week_start
        and dates.iso_week_start >= lines.first_week
        and dates.iso_week_start <= as_of_weeks.as_of_week

),

measured as (

    select
        weeks.*,
        capacity_weeks.headcount,
        capacity_weeks.available_hours,
        capacity_weeks.cost,
        coalesce(demand_weeks.stage_hours, 0) as stage_hours,
        coalesce(demand_weeks.unmeasured_hours, 0) as unmeasured_hours,
        case when logging_weeks.team_id is not null then coalesce(demand_weeks.logged_hours, 0) end as logged_hours,
        case when logging_weeks.team_id is not null then 'worklogs' else 'stages' end as demand_source,
        case
            when logging_weeks.team_id is not null then coalesce(demand_weeks.logged_hours, 0)
            else coalesce(demand_weeks.stage_hours, 0)
        end as demand_hours
    from weeks
    left join capacity_weeks
        on weeks.team_id = capacity_weeks.team_id
        and weeks.role_key = capacity_weeks.role_key
        and weeks.week_start = capacity_weeks.week_start
    left join demand_weeks
        on weeks.team_id = demand_weeks.team_id
        and weeks.role_key = demand_weeks.role_key
        and weeks.week_start = demand_weeks.week_start
    left join logging_weeks
        on weeks.team_id = logging_weeks.team_id
        and weeks.week_start = logging_weeks.week_start

),

-- One week is noise: a role is judged by the four weeks up to this one.
judged as (

    select
        *,
        demand_hours / nullif(available_hours, 0) as utilisation,
        sum(cast(round(case when available_hours is not null then demand_hours end * 1000000.0) as bigint)) over (
            partition by team_id, role_key order by week_start rows between 3 preceding and current row
        ) as demand_of_four_weeks,
        sum(cast(round(available_hours * 1000000.0) as bigint)) over (
            partition by team_id, role_key order by week_start rows between 3 preceding and current row
        ) as available_in_four_weeks
    from measured

),

rated as (

    select
        *,
        cast(demand_of_four_weeks as double) / nullif(cast(available_in_four_weeks as double), 0)
            as utilisation_4_weeks
    from judged

)

select
    team_id,
    role,
    train_id,
    value_stream_id,
    week_start,
    is_complete,
    headcount,
    available_hours,
    cost,
    stage_hours,
    logged_hours,
    unmeasured_hours,
    demand_source,
    demand_hours,
    utilisation,
    utilisation_4_weeks,
    headcount - headcount * utilisation / {{ planned_share }} as balance_headcount,
    case
        when utilisation_4_weeks > {{ scarce_from }} then 'scarce'
        when utilisation_4_weeks < {{ excess_below }} then 'excess'
        when utilisation_4_weeks is not null then 'balanced'
    end as skill_state
from rated
