-- Events (+1 on entering, -1 on leaving) summed by day and cumulated over a grid of days, never items joined with days.
-- A change of team, level or work type in mid-stage leaves one row's count and enters another's.
with segments as (

    select * from {{ ref('int_stage_segments_folded') }}

),

visits as (

    select * from {{ ref('int_stage_visits_folded') }}

),

stages as (

    select * from {{ ref('stg_portfolio__stages') }}

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

-- A visit beyond the furthest stage so far reaches, for the first time, that stage and each one it passed over. Alike
-- visits are counted before they are spread over the stages that they reach.
reaching_visits as (

    select
        visits.value_stream_id,
        visits.train_id,
        visits.team_id,
        visits.level,
        visits.work_type,
        visits.workflow_id,
        visits.stage_position,
        coalesce(visits.furthest_position_before, 0) as furthest_position_before,
        {{ local_date('visits.entered_at', 'value_streams.timezone') }} as calendar_date,
        count(*) as n_first_reached
    from visits
    inner join value_streams on visits.value_stream_id = value_streams.value_stream_id
    where visits.stage_position > coalesce(visits.furthest_position_before, 0)
        and not visits.is_cancelled_stage
        and (visits.stage_kind = 'done' or not coalesce(visits.is_unmapped_stage, false))
    group by
        visits.value_stream_id, visits.train_id, visits.team_id, visits.level, visits.work_type, visits.workflow_id,
        visits.stage_position, coalesce(visits.furthest_position_before, 0),
        {{ local_date('visits.entered_at', 'value_streams.timezone') }}

),

moves as (

    select
        value_stream_id,
        train_id,
        team_id,
        level,
        work_type,
        stage_id,
        started_date as calendar_date,
        count(*) as n_arrivals,
        0 as n_departures,
        count(case when is_retyped then 1 end) as n_retyped,
        0 as n_first_reached
    from segments
    group by value_stream_id, train_id, team_id, level, work_type, stage_id, started_date

    union all

    select
        value_stream_id,
        train_id,
        team_id,
        level,
        work_type,
        stage_id,
        ended_date as calendar_date,
        0 as n_arrivals,
        count(*) as n_departures,
        0 as n_retyped,
        0 as n_first_reached
    from segments
    where ended_at is not null
    group by value_stream_id, train_id, team_id, level, work_type, stage_id, ended_date

    union all

    select
        reaching_visits.value_stream_id,
        reaching_visits.train_id,
        reaching_visits.team_id,
        reaching_visits.level,
        reaching_visits.work_type,
        stages.stage_id,
        reaching_visits.calendar_date,
        0 as n_arrivals,
        0 as n_departures,
        0 as n_retyped,
        reaching_visits.n_first_reached
    from reaching_visits
    inner join stages
        on reaching_visits.workflow_id = stages.workflow_id
        and not stages.is_cancelled
        and not stages.is_unmapped
        and stages.position <= reaching_visits.stage_position
        and stages.position > reaching_visits.furthest_position_before

),

day_moves as (

    select
        value_stream_id,
        train_id,
        team_id,
        level,
        work_type,
        stage_id,
        calendar_date,
        sum(n_arrivals) as n_arrivals,
        sum(n_departures) as n_departures,
        sum(n_retyped) as n_retyped,
        sum(n_first_reached) as n_first_reached
    from moves
    group by value_stream_id, train_id, team_id, level, work_type, stage_id, calendar_date

),

spans as (

    select
        day_moves.value_stream_id,
        day_moves.train_id,
        day_moves.team_id,
        day_moves.level,
        day_moves.work_type,
        day_moves.stage_id,
        min(day_moves.calendar_date) as first_date
    from day_moves
    group by
        day_moves.value_stream_id, day_moves.train_id, day_moves.team_id, day_moves.level, day_moves.work_type,
        day_moves.stage_id

),

grid as (

    select
        spans.*,
        dates.calendar_date
    from spans
    cross join refresh
    inner join value_streams on spans.value_stream_id = value_streams.value_stream_id
    inner join {{ ref('stg_portfolio__dates') }} as dates
        on dates.calendar_date >= spans.first_date
        and dates.calendar_date <= {{ local_date('refresh.as_of', 'value_streams.timezone') }}

)

select
    grid.value_stream_id,
    grid.train_id,
    grid.team_id,
    grid.level,
    grid.work_type,
    grid.stage_id,
    stages.stage_kind,
    grid.calendar_date,
    cast(coalesce(day_moves.n_arrivals, 0) as integer) as n_arrivals,
    cast(coalesce(day_moves.n_departures, 0) as integer) as n_departures,
    cast(coalesce(day_moves.n_retyped, 0) as integer) as n_retyped,
    cast(sum(coalesce(day_moves.n_arrivals, 0) - coalesce(day_moves.n_departures, 0)) over (
        partition by grid.value_stream_id, grid.team_id, grid.level, grid.work_type, grid.stage_id
        order by grid.calendar_date
        rows between unbounded preceding and current row
    ) as integer) as n_wip,
    cast(coalesce(day_moves.n_first_reached, 0) as integer) as n_first_reached
from grid
inner join stages on grid.stage_id = stages.stage_id
left join day_moves
    on grid.value_stream_id = day_moves.value_stream_id
    and grid.team_id = day_moves.team_id
    and grid.level = day_moves.level
    and grid.work_type = day_moves.work_type
    and grid.stage_id = day_moves.stage_id
    and grid.calendar_date = day_moves.calendar_date
