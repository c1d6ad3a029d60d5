{{ config(materialized='view') }}
-- What changed in GitLab's items, in the vocabulary of all tools: status, labels, iteration, estimate, the key of an
-- issue that was moved.
-- Changing a milestone, an iteration or a weight writes one event with the new value: the value before is that of the
-- event before. In a source that plans in iterations, milestones are versions and not followed.
with items as (

    select * from {{ ref('int_gitlab_items_unioned') }}
    where has_changelog

),

label_events as (

    select * from {{ ref('int_gitlab_label_events_listed') }}

),

label_sets as (

    {{ label_sets_by_events('label_events') }}

),

planning as (

    select
        source_id,
        max(event_kind = 'iteration') as has_iterations
    from {{ ref('stg_gitlab__resource_events') }}
    group by source_id

),

settings as (

    select
        items.work_item_id,
        events.event_key,
        events.event_number,
        events.created_at,
        case events.event_kind when 'weight' then 'estimate' else 'iteration' end as attribute,
        events.action,
        events.event_kind || '-' || events.value_id as set_id,
        events.value_name as set_value
    from {{ ref('stg_gitlab__resource_events') }} as events
    inner join items on events.work_item_id = items.work_item_id
    inner join planning on items.source_id = planning.source_id
    where events.resource_type <> 'MergeRequest'
        and (
            events.event_kind = 'weight'
            or events.event_kind = case when planning.has_iterations then 'iteration' else 'milestone' end
        )

),

outcomes as (

    select
        *,
        case when action <> 'remove' then set_id end as to_id,
        case when action <> 'remove' then set_value end as to_value
    from settings

),

followed as (

    select
        work_item_id,
        event_key,
        case when label_number is not null then 1 else 2 end as series,
        coalesce(label_number, event_position) as place,
        event_at as changed_at,
        'status' as attribute,
        cast(null as varchar) as from_id,
        status_from as from_value,
        cast(null as varchar) as to_id,
        status_to as to_value
    from (
        select
            *,
            event_number as label_number
        from {{ ref('int_gitlab_statuses_split') }}
        where status_from is not null
    ) as statuses

    union all

    select
        work_item_id,
        event_key,
        1 as series,
        event_number as place,
        event_at as changed_at,
        'labels' as attribute,
        cast(null as varchar) as from_id,
        labels_from as from_value,
        cast(null as varchar) as to_id,
        labels_to as to_value
    from label_sets

    union all

    select
        work_item_id,
        event_key,
        3 as series,
        event_number as place,
        created_at as changed_at,
        attribute,
        case
            when action = 'remove' then set_id
            else lag(to_id) over (partition by work_item_id, attribute order by created_at, event_number)
        end as from_id,
        case
            when action = 'remove' then set_value
            else lag(to_value) over (partition by work_item_id, attribute order by created_at, event_number)
        end as from_value,
        to_id,
        to_value
    from outcomes

    union all

    select
        work_item_id,
        'moved' as event_key,
        4 as series,
        cast(null as bigint) as place,
        moved_from_at as changed_at,
        'key' as attribute,
        cast(null as varchar) as from_id,
        moved_from_key as from_value,
        cast(null as varchar) as to_id,
        item_key as to_value
    from items
    where moved_from_at is not null

)

select
    work_item_id,
    event_key as history_key,
    cast(null as bigint) as history_number,
    dense_rank() over (
        partition by work_item_id order by changed_at, series, place, event_key
    ) as history_position,
    cast(case attribute when 'status' then 1 when 'labels' then 2 else 3 end as bigint) as item_position,
    changed_at,
    attribute,
    from_id,
    from_value,
    to_id,
    to_value
from followed
