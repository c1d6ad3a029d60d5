{{ config(materialized='view') }}
-- What moves the status of GitLab's items: closing and reopening, and labels where the portfolio says that labels are
-- the statuses. Labels and states are numbered apart, so only labels bring their number.
-- A closing that no event tells (older servers wrote none) is taken from the item itself.
with items as (

    select * from {{ ref('int_gitlab_items_unioned') }}
    where has_changelog

),

states as (

    select
        items.work_item_id,
        events.created_at as event_at,
        events.event_number as event_position,
        events.event_key,
        case events.action when 'closed' then 'closed' else 'reopened' end as action,
        row_number() over (
            partition by items.work_item_id order by events.created_at desc, events.event_number desc
        ) as recency
    from {{ ref('stg_gitlab__resource_events') }} as events
    inner join items on events.work_item_id = items.work_item_id
    where events.event_kind = 'state'
        and events.resource_type <> 'MergeRequest'
        and events.action in ('closed', 'reopened', 'opened')

)

select
    labels.work_item_id,
    labels.event_at,
    labels.event_number,
    labels.event_position,
    labels.event_key,
    labels.action,
    labels.label,
    labels.scope
from {{ ref('int_gitlab_label_events_listed') }} as labels
inner join items on labels.work_item_id = items.work_item_id
where items.statuses_from = 'labels'
    and {{ matches_a_pattern('labels.label', 'items.status_labels') }}

union all

select
    work_item_id,
    event_at,
    cast(null as bigint) as event_number,
    event_position,
    event_key,
    action,
    cast(null as varchar) as label,
    cast(null as varchar) as scope
from states

union all

select
    items.work_item_id,
    items.closed_at as event_at,
    cast(null as bigint) as event_number,
    cast(null as bigint) as event_position,
    'closed_at' as event_key,
    'closed' as action,
    cast(null as varchar) as label,
    cast(null as varchar) as scope
from items
left join states
    on items.work_item_id = states.work_item_id
    and states.recency = 1
where items.is_closed
    and items.closed_at is not null
    and coalesce(states.action, 'reopened') = 'reopened'
    and (states.event_at is null or states.event_at <= items.closed_at)
