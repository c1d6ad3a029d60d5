{{ config(materialized='view') }}
-- One row per item and status that it entered, in order; the first one is its birth.
--
-- A row with a time alone enters its status. An activity is the item's status from its start to its end; where several
-- run at once, the one that started last. Where none runs the item waits: for the next activity, in the status
-- "<activity> (waiting)", or, where none follows, after the last one, in "<activity> (ended)". An item that was created
-- before its first event waits for it from then on.
with events as (

    select * from {{ ref('stg_event_log__events') }}

),

activities as (

    select * from {{ ref('int_event_log_activities_built') }}

),

sources_with_activities as (

    select distinct source_id from activities

),

starts as (

    select
        *,
        row_number() over (
            partition by work_item_id
            order by started_at, case when ended_at = started_at then 0 else 1 end, event_position
        ) as start_number
    from activities

),

steps as (

    select work_item_id, started_at as step_at, 1 as step from activities
    union all
    select work_item_id, ended_at as step_at, -1 as step from activities
    where ended_at is not null

),

-- How many activities have begun by an end, and how many still run after all that begins and ends at that moment.
ends as (

    select distinct
        work_item_id,
        step_at as ended_at,
        n_started,
        n_running
    from (
        select
            *,
            sum(step) over (
                partition by work_item_id order by step_at range between unbounded preceding and current row
            ) as n_running,
            sum(case when step = 1 then 1 else 0 end) over (
                partition by work_item_id order by step_at range between unbounded preceding and current row
            ) as n_started
        from steps
    ) as summed
    where step = -1

),

running as (

    select
        work_item_id,
        ended_at,
        activity
    from (
        select
            ends.work_item_id,
            ends.ended_at,
            starts.activity,
            row_number() over (
                partition by ends.work_item_id, ends.ended_at order by starts.start_number desc
            ) as recency
        from ends
        inner join starts
            on ends.work_item_id = starts.work_item_id
            and starts.started_at <= ends.ended_at
            and (starts.ended_at > ends.ended_at or starts.ended_at is null)
        where ends.n_running > 0
    ) as ranked
    where recency = 1

),

idle as (

    select
        ends.work_item_id,
        ends.ended_at,
        ends.n_started + 1 as next_start_number,
        max(starts.start_number) as ended_start_number
    from ends
    inner join starts
        on ends.work_item_id = starts.work_item_id
        and ends.ended_at = starts.ended_at
    where ends.n_running = 0
    group by ends.work_item_id, ends.ended_at, ends.n_started

),

created as (

    select
        source_id,
        work_item_id,
        min(created_at) as created_at
    from events
    where created_at is not null
    group by source_id, work_item_id

),

points as (

    select
        events.source_id,
        events.work_item_id,
        events.happened_at as entered_at,
        1 as point_order,
        events.event_position as point_position,
        events.activity as status,
        case when events.origin = 'stage_date' then 'stage' else 'entry' end as status_origin,
        events.stage_position,
        events.n_stages
    from events
    left join sources_with_activities on events.source_id = sources_with_activities.source_id
    where events.origin in ('entry', 'stage_date')
        or (
            events.origin = 'lifecycle'
            and coalesce(events.transition, 'complete') = 'complete'
            and sources_with_activities.source_id is null
        )

    union all

    select
        source_id,
        work_item_id,
        started_at as entered_at,
        1 as point_order,
        start_number as point_position,
        activity as status,
        'activity' as status_origin,
        cast(null as bigint) as stage_position,
        cast(null as bigint) as n_stages
    from starts

    union all

    select
        activities_of_items.source_id,
        running.work_item_id,
        running.ended_at as entered_at,
        2 as point_order,
        1 as point_position,
        running.activity as status,
        'activity' as status_origin,
        cast(null as bigint) as stage_position,
        cast(null as bigint) as n_stages
    from running
    inner join (select distinct source_id, work_item_id from activities) as activities_of_items
        on running.work_item_id = activities_of_items.work_item_id

    union all

    select
        ended_starts.source_id,
        idle.work_item_id,
        idle.ended_at as entered_at,
        2 as point_order,
        1 as point_position,
        coalesce(next_starts.activity || ' (waiting)', ended_starts.activity || ' (ended)') as status,
        case when next_starts.activity is null then 'ended' else 'waiting' end as status_origin,
        cast(null as bigint) as stage_position,
        cast(null as bigint) as n_stages
    from idle
    inner join starts as ended_starts
        on idle.work_item_id = ended_starts.work_item_id
        and idle.ended_start_number = ended_starts.start_number
    left join starts as next_starts
        on idle.work_item_id = next_starts.work_item_id
        and idle.next_start_number = next_starts.start_number

),

firsts as (

    select
        work_item_id,
        entered_at,
        status
    from (
        select
            *,
            row_number() over (
                partition by work_item_id order by entered_at, point_order, point_position
            ) as place
        from points
    ) as ranked
    where place = 1

),

with_births as (

    select * from points

    union all

    select
        created.source_id,
        created.work_item_id,
        created.created_at as entered_at,
        0 as point_order,
        0 as point_position,
        firsts.status || ' (waiting)' as status,
        'waiting' as status_origin,
        cast(null as bigint) as stage_position,
        cast(null as bigint) as n_stages
    from created
    inner join firsts
        on created.work_item_id = firsts.work_item_id
        and created.created_at < firsts.entered_at

),

compared as (

    select
        *,
        lag(status) over (
            partition by work_item_id order by entered_at, point_order, point_position
        ) as previous_status
    from with_births

)

select
    source_id,
    work_item_id,
    row_number() over (
        partition by work_item_id order by entered_at, point_order, point_position
    ) as entry_number,
    entered_at,
    status,
    previous_status,
    status_origin,
    stage_position,
    n_stages
from compared
where previous_status is null or status <> previous_status
