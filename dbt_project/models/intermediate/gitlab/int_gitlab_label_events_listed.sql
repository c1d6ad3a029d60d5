{{ config(materialized='view') }}
-- Labels added to and removed from GitLab's items, and labels that an item bears although no event tells since when.
-- A scoped label (workflow::build) is alone in its scope (workflow). An event of a label deleted since names none.
with items as (

    select * from {{ ref('int_gitlab_items_unioned') }}
    where has_changelog

),

events as (

    select
        items.work_item_id,
        events.created_at as event_at,
        events.event_number,
        events.event_key,
        case events.action when 'add' then 'added' when 'remove' then 'removed' end as action,
        events.value_name as label
    from {{ ref('stg_gitlab__resource_events') }} as events
    inner join items on events.work_item_id = items.work_item_id
    where events.event_kind = 'label'
        and events.resource_type <> 'MergeRequest'
        and events.action in ('add', 'remove')
        and events.value_name is not null

),

borne as (

    select
        work_item_id,
        {{ lines_of('labels') }} as label
    from items

),

listed as (

    select * from events

    union all

    select
        borne.work_item_id,
        cast(null as timestamptz) as event_at,
        cast(null as bigint) as event_number,
        cast(null as varchar) as event_key,
        'present' as action,
        borne.label
    from borne
    left join events
        on borne.work_item_id = events.work_item_id
        and borne.label = events.label
    where events.work_item_id is null
        and borne.label <> ''

)

select
    *,
    cast(null as bigint) as event_position,
    nullif(regexp_extract(label, '^(.+)::', 1), '') as scope
from listed
