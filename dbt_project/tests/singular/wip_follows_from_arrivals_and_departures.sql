{{ config(meta={'dagster': {'ref': {'name': 'fct_stage_days'}}}) }}
-- wip(t) = wip(t-1) + arrivals(t) - departures(t) holds of any running sum, also of arrivals booked on a wrong row or
-- day. So each count is held against the items too: those whose event in force at the end of that local day puts them
-- in this value stream, team, level, work type and stage. They are counted from the events before these are folded into
-- spans: those that had come by that day less those that had left by then. An item removed from its tool before it was
-- done is nowhere from then on.
-- On the last day the counts are also what fct_work_items says of where the items are.
with days as (

    select
        *,
        lag(n_wip, 1, 0) over (
            partition by value_stream_id, team_id, level, work_type, stage_id order by calendar_date
        ) as n_wip_before,
        max(calendar_date) over (partition by value_stream_id) as last_date
    from {{ ref('fct_stage_days') }}

),

dated as (

    select
        events.value_stream_id,
        events.team_id,
        events.level,
        events.work_type,
        events.stage_id,
        {{ local_date('events.event_at', 'value_streams.timezone') }} as first_date,
        coalesce(
            {{ local_date('events.next_event_at', 'value_streams.timezone') }},
            case when events.stage_kind <> 'done'
                    then {{ local_date('events.removed_at', 'value_streams.timezone') }} end,
            cast('9999-12-31' as date)
        ) as left_date
    from {{ ref('int_item_stages_mapped') }} as events
    inner join {{ ref('dim_value_streams') }} as value_streams
        on events.value_stream_id = value_streams.value_stream_id

),

-- What left on the day it came is there at no day's end.
changes as (
    {% for day, n_change in [('first_date', 'count(*)'), ('left_date', '-count(*)')] %}
    select
        value_stream_id,
        team_id,
        level,
        work_type,
        stage_id,
        {{ day }} as calendar_date,
        {{ n_change }} as n_change
    from dated
    where left_date > first_date
    group by value_stream_id, team_id, level, work_type, stage_id, {{ day }}

    union all
    {% endfor %}
    select
        value_stream_id,
        team_id,
        level,
        work_type,
        stage_id,
        calendar_date,
        0 as n_change
    from days

),

counted as (

    select
        value_stream_id,
        team_id,
        level,
        work_type,
        stage_id,
        calendar_date,
        sum(sum(n_change)) over (
            partition by value_stream_id, team_id, level, work_type, stage_id order by calendar_date
        ) as n_there
    from changes
    group by value_stream_id, team_id, level, work_type, stage_id, calendar_date

),

-- Of the days that are told: none after as_of.
there as (

    select counted.*
    from counted
    inner join (
        select distinct
            value_stream_id,
            calendar_date
        from days
    ) as stream_days
        on counted.value_stream_id = stream_days.value_stream_id
        and counted.calendar_date = stream_days.calendar_date

),

-- An item in a done stage counts for the team it ended with, though it may have been moved since: the stage only.
last_rows as (

    select
        case when days.stage_kind <> 'done' then days.value_stream_id end as value_stream_id,
        case when days.stage_kind <> 'done' then days.team_id end as team_id,
        case when days.stage_kind <> 'done' then days.level end as level,
        case when days.stage_kind <> 'done' then days.work_type end as work_type,
        days.stage_id,
        days.n_wip,
        0 as n_there
    from days
    where days.calendar_date = days.last_date

    union all

    select
        case when stages.stage_kind <> 'done' then items.value_stream_id end as value_stream_id,
        case when stages.stage_kind <> 'done' then items.team_id end as team_id,
        case when stages.stage_kind <> 'done' then items.level end as level,
        case when stages.stage_kind <> 'done' then items.work_type end as work_type,
        items.current_stage_id as stage_id,
        0 as n_wip,
        1 as n_there
    from {{ ref('fct_work_items') }} as items
    inner join {{ ref('dim_stages') }} as stages on items.current_stage_id = stages.stage_id
    where items.is_counted

)

select
    'the day before plus arrivals minus departures' as compared_with,
    days.value_stream_id,
    days.team_id,
    days.level,
    days.work_type,
    days.stage_id,
    days.calendar_date,
    days.n_wip,
    days.n_wip_before + days.n_arrivals - days.n_departures as n_expected
from days
where days.n_wip <> days.n_wip_before + days.n_arrivals - days.n_departures
    or days.n_wip < 0

union all

select
    'the items there at the end of the day' as compared_with,
    coalesce(days.value_stream_id, there.value_stream_id) as value_stream_id,
    coalesce(days.team_id, there.team_id) as team_id,
    coalesce(days.level, there.level) as level,
    coalesce(days.work_type, there.work_type) as work_type,
    coalesce(days.stage_id, there.stage_id) as stage_id,
    coalesce(days.calendar_date, there.calendar_date) as calendar_date,
    days.n_wip,
    there.n_there as n_expected
from days
full join there
    on days.value_stream_id = there.value_stream_id
    and days.team_id = there.team_id
    and days.level = there.level
    and days.work_type = there.work_type
    and days.stage_id = there.stage_id
    and days.calendar_date = there.calendar_date
where coalesce(days.n_wip, 0) <> coalesce(there.n_there, 0)

union all

select
    'where the items are on the last day' as compared_with,
    last_rows.value_stream_id,
    last_rows.team_id,
    last_rows.level,
    last_rows.work_type,
    last_rows.stage_id,
    cast(null as date) as calendar_date,
    sum(last_rows.n_wip) as n_wip,
    sum(last_rows.n_there) as n_expected
from last_rows
group by last_rows.value_stream_id, last_rows.team_id, last_rows.level, last_rows.work_type, last_rows.stage_id
having sum(last_rows.n_wip) <> sum(last_rows.n_there)
