-- Where an item stood when hours were logged on it. People often write their hours down after they have passed an item
-- on, so beside its stage at that moment stands the active stage it is in or was in last.
with worklogs as (

    select * from {{ ref('int_exported_worklogs_unioned') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

known as (

    select
        worklogs.source_id,
        worklogs.worklog_id,
        worklogs.started_at,
        worklogs.hours,
        items.work_item_id
    from worklogs
    cross join refresh
    left join {{ ref('int_items_unioned') }} as items on worklogs.work_item_id = items.work_item_id
    where worklogs.started_at <= refresh.as_of

),

logged_items as (

    select distinct work_item_id from known where work_item_id is not null

),

stages as (

    select
        stages.work_item_id,
        stages.event_number,
        stages.stage_id,
        {{ last_known("case when stages.stage_kind = 'active' then stages.stage_id end",
            'partition by stages.work_item_id order by stages.event_number') }} as active_stage_id
    from {{ ref('int_item_stages_mapped') }} as stages
    inner join logged_items on stages.work_item_id = logged_items.work_item_id

),

events as (

    select
        timelines.work_item_id,
        timelines.event_number,
        timelines.event_at,
        timelines.next_event_at,
        memberships.team_id,
        memberships.train_id,
        memberships.value_stream_id,
        memberships.level,
        memberships.work_type
    from {{ ref('int_item_timelines_built') }} as timelines
    inner join logged_items on timelines.work_item_id = logged_items.work_item_id
    inner join {{ ref('int_item_memberships_mapped') }} as memberships
        on timelines.work_item_id = memberships.work_item_id
        and timelines.event_number = memberships.event_number

),

-- Hours before the item was born are those of its first team.
placed as (

    select
        known.*,
        events.team_id,
        events.train_id,
        events.value_stream_id,
        events.level,
        events.work_type,
        stages.stage_id,
        stages.active_stage_id
    from known
    left join events
        on known.work_item_id = events.work_item_id
        and (events.event_at <= known.started_at or events.event_number = 1)
        and (events.next_event_at > known.started_at or events.next_event_at is null)
    left join stages
        on events.work_item_id = stages.work_item_id
        and events.event_number = stages.event_number

)

select
    placed.source_id || ':' || placed.worklog_id as worklog_id,
    placed.source_id,
    placed.work_item_id,
    placed.team_id,
    placed.train_id,
    placed.value_stream_id,
    placed.level,
    placed.work_type,
    placed.stage_id,
    placed.active_stage_id,
    placed.started_at,
    {{ local_date('placed.started_at', 'value_streams.timezone') }} as worked_date,
    placed.hours
from placed
inner join value_streams on coalesce(placed.value_stream_id, 'unassigned') = value_streams.value_stream_id
