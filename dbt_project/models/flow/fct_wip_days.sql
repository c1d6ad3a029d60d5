-- Started and not finished at the end of each day, as it stood on that day: spells in progress summed by day and
-- cumulated over a grid of days. That an item was reopened later does not change the days between.
with spells as (

    select * from {{ ref('fct_wip_spells') }}

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

moves as (

    select
        value_stream_id,
        train_id,
        team_id,
        level,
        work_type,
        entered_date as calendar_date,
        count(*) as change,
        count(case when is_start then 1 end) as n_started
    from spells
    group by value_stream_id, train_id, team_id, level, work_type, entered_date

    union all

    select
        value_stream_id,
        train_id,
        team_id,
        level,
        work_type,
        left_date as calendar_date,
        -count(*) as change,
        0 as n_started
    from spells
    where not is_open
    group by value_stream_id, train_id, team_id, level, work_type, left_date

),

day_moves as (

    select
        value_stream_id,
        train_id,
        team_id,
        level,
        work_type,
        calendar_date,
        sum(change) as change,
        sum(n_started) as n_started
    from moves
    group by value_stream_id, train_id, team_id, level, work_type, calendar_date

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
            work_type,
            min(calendar_date) as first_date
        from day_moves
        group by value_stream_id, train_id, team_id, level, work_type
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
    grid.work_type,
    grid.calendar_date,
    cast(coalesce(day_moves.n_started, 0) as integer) as n_started,
    cast(sum(coalesce(day_moves.change, 0)) over (
        partition by grid.value_stream_id, grid.team_id, grid.level, grid.work_type
        order by grid.calendar_date
        rows between unbounded preceding and current row
    ) as integer) as n_in_progress
from grid
left join day_moves
    on grid.value_stream_id = day_moves.value_stream_id
    and grid.team_id = day_moves.team_id
    and grid.level = day_moves.level
    and grid.work_type = day_moves.work_type
    and grid.calendar_date = day_moves.calendar_date
