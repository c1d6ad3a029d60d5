-- Events (an item comes into an active stage, leaves it) summed by day and cumulated over a grid of days, never items
-- joined with days. On the day an item comes, the part of the working day before it is taken off; on the day it leaves,
-- the part up to then is added; each day at whose end it is still there counts whole. Days are those of the clock in
-- the team's location.
with segments as (

    select * from {{ ref('int_stage_segments_folded') }} where stage_kind = 'active'

),

intervals as (

    select * from {{ ref('int_blocked_intervals_merged') }}

),

histories as (

    select
        work_item_id,
        is_history_truncated or is_history_broken as is_unusable
    from {{ ref('int_item_histories_assessed') }}

),

working_days as (

    select * from {{ ref('stg_portfolio__working_days') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

places as (

    select
        teams.team_id,
        teams.train_id,
        teams.value_stream_id,
        hours.location_id,
        hours.day_start_hour,
        coalesce(hours.timezone, value_streams.timezone) as timezone
    from {{ ref('stg_portfolio__teams') }} as teams
    inner join {{ ref('stg_portfolio__hours') }} as hours on teams.location_id = hours.location_id
    inner join {{ ref('stg_portfolio__value_streams') }} as value_streams
        on teams.value_stream_id = value_streams.value_stream_id

),

stays as (

    select
        segments.work_item_id,
        segments.team_id,
        segments.level,
        segments.stage_id,
        segments.started_at,
        coalesce(segments.ended_at, refresh.as_of) as ended_at,
        histories.is_unusable
    from segments
    inner join histories on segments.work_item_id = histories.work_item_id
    cross join refresh

),

spans as (

    select
        team_id,
        level,
        stage_id,
        started_at,
        ended_at,
        case when is_unusable then 'unmeasured' else 'stay' end as span_kind
    from stays
    where ended_at > started_at

    union all

    select
        stays.team_id,
        stays.level,
        stays.stage_id,
        greatest(stays.started_at, intervals.started_at) as started_at,
        least(stays.ended_at, intervals.ended_at) as ended_at,
        'blocked' as span_kind
    from stays
    inner join intervals
        on stays.work_item_id = intervals.work_item_id
        and intervals.started_at < stays.ended_at
        and intervals.ended_at > stays.started_at
    where not stays.is_unusable

),

moves as (

    select
        spans.team_id,
        spans.level,
        spans.stage_id,
        spans.span_kind,
        1 as n_more,
        {{ local_time('spans.started_at', 'places.timezone') }} as moved_there
    from spans
    inner join places on spans.team_id = places.team_id

    union all

    select
        spans.team_id,
        spans.level,
        spans.stage_id,
        spans.span_kind,
        -1 as n_more,
        {{ local_time('spans.ended_at', 'places.timezone') }} as moved_there
    from spans
    inner join places on spans.team_id = places.team_id

),

day_moves as (

    select
        moves.team_id,
        moves.level,
        moves.stage_id,
        working_days.calendar_date,
        {%- for kind in ['stay', 'blocked', 'unmeasured'] %}
        sum(case when moves.span_kind = '{{ kind }}' then moves.n_more else 0 end) as n_{{ kind }},
        {{ sum_of_seconds("case when moves.span_kind = '" ~ kind ~ "' then - moves.n_more * 3600.0 * least(greatest("
            ~ hours_of_day('moves.moved_there') ~ " - places.day_start_hour, 0.0), working_days.working_hours)"
            ~ " else 0 end") }} as {{ kind }}_seconds{{ ',' if not loop.last }}
        {%- endfor %}
    from moves
    inner join places on moves.team_id = places.team_id
    inner join working_days
        on places.location_id = working_days.location_id
        and cast(moves.moved_there as date) = working_days.calendar_date
    group by moves.team_id, moves.level, moves.stage_id, working_days.calendar_date

),

lines as (

    select
        day_moves.team_id,
        day_moves.level,
        day_moves.stage_id,
        places.train_id,
        places.value_stream_id,
        places.location_id,
        min(day_moves.calendar_date) as first_date,
        -- All rows of a team have the one clock.
        max({{ local_date('refresh.as_of', 'places.timezone') }}) as as_of_date
    from day_moves
    inner join places on day_moves.team_id = places.team_id
    cross join refresh
    group by
        day_moves.team_id, day_moves.level, day_moves.stage_id, places.train_id, places.value_stream_id,
        places.location_id

),

cumulated as (

    select
        lines.team_id,
        lines.train_id,
        lines.value_stream_id,
        lines.level,
        lines.stage_id,
        working_days.calendar_date,
        working_days.working_hours,
        {%- for kind in ['stay', 'blocked', 'unmeasured'] %}
        sum(coalesce(day_moves.n_{{ kind }}, 0)) over (
            partition by lines.team_id, lines.level, lines.stage_id order by working_days.calendar_date
            rows between unbounded preceding and current row
        ) as n_{{ kind }},
        coalesce(day_moves.{{ kind }}_seconds, 0) / 3600.0 as {{ kind }}_part{{ ',' if not loop.last }}
        {%- endfor %}
    from lines
    inner join working_days
        on lines.location_id = working_days.location_id
        and working_days.calendar_date >= lines.first_date
        and working_days.calendar_date <= lines.as_of_date
    left join day_moves
        on lines.team_id = day_moves.team_id
        and lines.level = day_moves.level
        and lines.stage_id = day_moves.stage_id
        and working_days.calendar_date = day_moves.calendar_date

),

measured as (

    select
        *,
        {%- for kind in ['stay', 'blocked', 'unmeasured'] %}
        round(n_{{ kind }} * working_hours + {{ kind }}_part, 6) as {{ kind }}_hours{{ ',' if not loop.last }}
        {%- endfor %}
    from cumulated

)

select
    team_id,
    train_id,
    value_stream_id,
    level,
    stage_id,
    calendar_date,
    cast(round(stay_hours - blocked_hours, 6) as double) as active_working_hours,
    cast(blocked_hours as double) as blocked_working_hours,
    cast(unmeasured_hours as double) as unmeasured_working_hours
from measured
where stay_hours <> 0 or blocked_hours <> 0 or unmeasured_hours <> 0
