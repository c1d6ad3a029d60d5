with stage_days as (

    select * from {{ ref('fct_stage_days') }}

),

visits as (

    select * from {{ ref('fct_stage_visits') }}

),

stages as (

    select * from {{ ref('dim_stages') }}

),

dates as (

    select
        calendar_date,
        iso_week_start
    from {{ ref('dim_dates') }}

),

as_of_days as (

    select
        value_streams.value_stream_id,
        {{ local_date('sources.as_of', 'value_streams.timezone') }} as as_of_date,
        {{ local_time('sources.as_of', 'value_streams.timezone') }} as as_of_local
    from {{ ref('dim_value_streams') }} as value_streams
    cross join (select max(as_of) as as_of from {{ ref('dim_sources') }}) as sources

),

level_days as (

    select
        value_stream_id,
        level,
        stage_id,
        calendar_date,
        sum(n_arrivals) as n_arrivals,
        sum(n_departures) as n_departures,
        sum(n_wip) as n_wip
    from stage_days
    group by value_stream_id, level, stage_id, calendar_date

),

first_days as (

    select
        value_stream_id,
        level,
        min(calendar_date) as first_date
    from level_days
    group by value_stream_id, level

),

-- A WIP limit holds for the stage in its value stream, whatever level the items are of.
limit_days as (

    select
        level_days.value_stream_id,
        level_days.stage_id,
        level_days.calendar_date,
        greatest(sum(level_days.n_wip) - max(stages.wip_limit), 0) as n_over_limit
    from level_days
    inner join stages on level_days.stage_id = stages.stage_id
    where stages.wip_limit is not null
    group by level_days.value_stream_id, level_days.stage_id, level_days.calendar_date

),

limit_weeks as (

    select
        limit_days.value_stream_id,
        limit_days.stage_id,
        dates.iso_week_start as week_start,
        count(case when limit_days.n_over_limit > 0 then 1 end) as n_breach_days,
        sum(limit_days.n_over_limit) as n_items_over_limit_days
    from limit_days
    inner join dates on limit_days.calendar_date = dates.calendar_date
    group by limit_days.value_stream_id, limit_days.stage_id, dates.iso_week_start

),

weeks as (

    select
        level_days.value_stream_id,
        level_days.level,
        level_days.stage_id,
        dates.iso_week_start as week_start,
        sum(level_days.n_arrivals) as n_arrivals,
        sum(level_days.n_departures) as n_departures,
        sum(level_days.n_wip) as wip_sum,
        max(case
            when level_days.calendar_date = least({{ plus_days('dates.iso_week_start', 6) }}, as_of_days.as_of_date)
                then level_days.n_wip
        end) as wip_end,
        max({{ days_from('dates.iso_week_start',
            'least(' ~ plus_days('dates.iso_week_start', 6) ~ ', as_of_days.as_of_date)') }} + 1) as n_days,
        -- Neither cut off by as_of nor begun before the level's first day in the value stream.
        max(
            cast({{ plus_days('dates.iso_week_start', 7) }} as timestamp) <= as_of_days.as_of_local
            and dates.iso_week_start >= first_days.first_date
        ) as is_complete
    from level_days
    inner join first_days
        on level_days.value_stream_id = first_days.value_stream_id
        and level_days.level = first_days.level
    inner join dates on level_days.calendar_date = dates.calendar_date
    inner join as_of_days on level_days.value_stream_id = as_of_days.value_stream_id
    group by level_days.value_stream_id, level_days.level, level_days.stage_id, dates.iso_week_start

),

ended_visits as (

    select
        visits.value_stream_id,
        visits.level,
        visits.stage_id,
        dates.iso_week_start as week_start,
        count(*) as n_visits_ended,
        {{ nearest_rank('visits.elapsed_days', 0.5) }} as p50_elapsed_days,
        {{ nearest_rank('visits.elapsed_days', 0.85) }} as p85_elapsed_days,
        {{ sum_of_days("case when visits.stage_kind = 'queue' then visits.elapsed_days else 0 end") }}
            as wait_elapsed_days,
        {{ sum_of_days("case when visits.stage_kind = 'active' then visits.elapsed_days - visits.blocked_elapsed_days"
            ~ " else 0 end") }} as active_elapsed_days,
        {{ sum_of_days("case when visits.stage_kind = 'active' then visits.blocked_elapsed_days else 0 end") }}
            as blocked_elapsed_days
    from visits
    inner join dates on visits.exited_date = dates.calendar_date
    where not visits.is_open
        and not visits.is_after_end
        and visits.has_usable_history
    group by visits.value_stream_id, visits.level, visits.stage_id, dates.iso_week_start

)

select
    weeks.value_stream_id,
    weeks.level,
    weeks.stage_id,
    stages.stage_name,
    stages.stage_kind,
    stages.position as stage_position,
    weeks.week_start,
    weeks.is_complete,
    cast(weeks.n_arrivals as integer) as n_arrivals,
    cast(weeks.n_departures as integer) as n_departures,
    cast(weeks.wip_sum as double) / weeks.n_days as wip_mean,
    cast(weeks.wip_end as integer) as wip_end,
    case when stages.stage_kind = 'queue' then cast(weeks.wip_sum as double) / weeks.n_days end as queue_length_mean,
    cast(coalesce(ended_visits.n_visits_ended, 0) as integer) as n_visits_ended,
    ended_visits.p50_elapsed_days,
    ended_visits.p85_elapsed_days,
    coalesce(ended_visits.wait_elapsed_days, 0) as wait_elapsed_days,
    coalesce(ended_visits.active_elapsed_days, 0) as active_elapsed_days,
    coalesce(ended_visits.blocked_elapsed_days, 0) as blocked_elapsed_days,
    stages.wip_limit,
    cast(limit_weeks.n_breach_days as integer) as n_breach_days,
    cast(limit_weeks.n_items_over_limit_days as integer) as n_items_over_limit_days
from weeks
inner join stages on weeks.stage_id = stages.stage_id
left join ended_visits
    on weeks.value_stream_id = ended_visits.value_stream_id
    and weeks.level = ended_visits.level
    and weeks.stage_id = ended_visits.stage_id
    and weeks.week_start = ended_visits.week_start
left join limit_weeks
    on weeks.value_stream_id = limit_weeks.value_stream_id
    and weeks.stage_id = limit_weeks.stage_id
    and weeks.week_start = limit_weeks.week_start
