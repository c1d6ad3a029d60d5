-- Started and not finished at the end of each day, as it stood on that day: from the commitment on and outside the done
-- stages, back in the backlog included. That an item was reopened later does not change the days between.
with segments as (

    select * from {{ ref('int_stage_segments_folded') }}

),

clocks as (

    select * from {{ ref('int_item_clocks_computed') }}

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

started as (

    select
        segments.*,
        value_streams.timezone
    from segments
    inner join clocks on segments.work_item_id = clocks.work_item_id
    inner join value_streams on segments.value_stream_id = value_streams.value_stream_id
    where segments.stage_kind <> 'done'
        and segments.started_at >= clocks.started_at

),

moves as (

    select
        value_stream_id,
        train_id,
        team_id,
        level,
        {{ local_date('started_at', 'timezone') }} as calendar_date,
        1 as change
    from started

    union all

    select
        value_stream_id,
        train_id,
        team_id,
        level,
        {{ local_date('ended_at', 'timezone') }} as calendar_date,
        -1 as change
    from started
    where ended_at is not null

),

day_moves as (

    select
        value_stream_id,
        train_id,
        team_id,
        level,
        calendar_date,
        sum(change) as change
    from moves
    group by value_stream_id, train_id, team_id, level, calendar_date

),

grid as (

    select
        spans.*,
        dates.calendar_date
    from (
        select
            value_stream_id,
            train_id,
            team_id,
            level,
            min(calendar_date) as first_date
        from day_moves
        group by value_stream_id, train_id, team_id, level
    ) as spans
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
    grid.calendar_date,
    cast(sum(coalesce(day_moves.change, 0)) over (
        partition by grid.value_stream_id, grid.team_id, grid.level
        order by grid.calendar_date
        rows between unbounded preceding and current row
    ) as integer) as n_in_progress
from grid
left join day_moves
    on grid.value_stream_id = day_moves.value_stream_id
    and grid.team_id = day_moves.team_id
    and grid.level = day_moves.level
    and grid.calendar_date = day_moves.calendar_date
