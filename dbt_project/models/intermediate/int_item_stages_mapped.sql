{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook=[
        "{{ touch_what_follows(ref('int_work_item_links_resolved'), ref('int_statuses_categorised'),
            ref('int_item_timelines_built')) }}",
        "{{ forget_touched('quality.touched_with_links') }}"
    ]
) }}
-- depends_on: {{ ref('int_work_item_links_resolved') }}
-- One row per counted item and event: the stage in force from then on. A status maps by its name; a renamed status by
-- the name its id has today; a status that nobody mapped by the tool's own category, to a stage that says so.
-- A done item whose resolution is mapped to `cancelled` is in the cancelled stage.
with events as (

    select *
    from {{ ref('int_item_memberships_mapped') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_links') }}

),

stage_statuses as (

    select
        workflow_id,
        stage_id,
        lower(trim(status)) as status_name,
        valid_from,
        valid_to
    from {{ ref('stg_portfolio__stage_statuses') }}

),

stages as (

    select * from {{ ref('stg_portfolio__stages') }}

),

statuses as (

    select * from {{ ref('int_statuses_categorised') }}

),

-- An item that is of no counted level today is not counted; one that became counted later (a sub-task made a story)
-- is counted from its birth. The same work kept in two tools is counted once.
lives as (

    select
        events.work_item_id,
        min(events.event_at) as born_at,
        count(*) > count(events.workflow_id) as has_uncounted_events
    from events
    left join {{ ref('int_item_duplicates_identified') }} as duplicates
        on events.work_item_id = duplicates.work_item_id
    where duplicates.work_item_id is null
    group by events.work_item_id
    having max(case when events.next_event_at is null then events.workflow_id end) is not null

),

counted as (

    select
        events.*,
        lives.born_at,
        lives.has_uncounted_events
    from events
    inner join lives on events.work_item_id = lives.work_item_id
    where events.workflow_id is not null

),

combinations as (

    select distinct
        source_id,
        workflow_id,
        status,
        status_id,
        rule_date
    from counted

),

named as (

    select
        combinations.*,
        by_id.status_name as name_today,
        coalesce(by_id.stage_kind, by_name.stage_kind, 'queue') as tool_kind
    from combinations
    left join statuses as by_id
        on combinations.source_id = by_id.source_id
        and combinations.status_id = by_id.status_id
    left join (
        select
            source_id,
            lower(trim(status_name)) as status_name,
            max(stage_kind) as stage_kind
        from statuses
        group by source_id, lower(trim(status_name))
    ) as by_name
        on combinations.source_id = by_name.source_id
        and lower(trim(combinations.status)) = by_name.status_name

),

mapped as (

    select
        named.source_id,
        named.workflow_id,
        named.status,
        named.status_id,
        named.rule_date,
        coalesce(
            as_named.stage_id,
            as_named_today.stage_id,
            named.workflow_id || '.unmapped-' || named.tool_kind
        ) as stage_id
    from named
    left join stage_statuses as as_named
        on named.workflow_id = as_named.workflow_id
        and lower(trim(named.status)) = as_named.status_name
        and (as_named.valid_from is null or named.rule_date >= as_named.valid_from)
        and (as_named.valid_to is null or named.rule_date <= as_named.valid_to)
    left join stage_statuses as as_named_today
        on named.workflow_id = as_named_today.workflow_id
        and lower(trim(named.name_today)) = as_named_today.status_name
        and (as_named_today.valid_from is null or named.rule_date >= as_named_today.valid_from)
        and (as_named_today.valid_to is null or named.rule_date <= as_named_today.valid_to)

),

resolved as (

    select
        counted.*,
        case
            when stages.stage_kind = 'done' and cancelled.resolution is not null
                then counted.workflow_id || '.cancelled'
            else mapped.stage_id
        end as stage_id
    from counted
    inner join mapped
        on counted.source_id = mapped.source_id
        and counted.workflow_id = mapped.workflow_id
        and counted.status is not distinct from mapped.status
        and counted.status_id is not distinct from mapped.status_id
        and counted.rule_date is not distinct from mapped.rule_date
    inner join stages
        on mapped.stage_id = stages.stage_id
    left join {{ ref('stg_portfolio__cancelled_resolutions') }} as cancelled
        on counted.workflow_id = cancelled.workflow_id
        and lower(counted.resolution) = lower(cancelled.resolution)

),

-- Of most items all events are counted: what comes first and next is known, and only the others are sorted.
numbered as (

    select
        *,
        event_number = 1 as is_first,
        next_event_at as next_counted_at
    from resolved
    where not has_uncounted_events

    union all

    select
        *,
        row_number() over (partition by work_item_id order by event_number) = 1 as is_first,
        lead(event_at) over (partition by work_item_id order by event_number) as next_counted_at
    from resolved
    where has_uncounted_events

)

select
    resolved.work_item_id,
    resolved.source_id,
    resolved.event_number,
    case when resolved.is_first then resolved.born_at else resolved.event_at end as event_at,
    resolved.next_counted_at as next_event_at,
    resolved.status,
    resolved.team_id,
    resolved.train_id,
    resolved.value_stream_id,
    resolved.level,
    resolved.work_type,
    resolved.workflow_id,
    resolved.removed_at,
    resolved.stage_id,
    stages.stage_kind,
    stages.position as stage_position,
    stages.is_counted as is_counted_stage,
    stages.is_cancelled as is_cancelled_stage,
    stages.is_unmapped as is_unmapped_stage
from numbered as resolved
inner join stages on resolved.stage_id = stages.stage_id
