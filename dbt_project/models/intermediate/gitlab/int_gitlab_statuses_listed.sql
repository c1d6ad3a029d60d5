{{ config(materialized='view') }}
-- The statuses that GitLab's items can be in: open, closed, and the labels that the portfolio takes for statuses. Of
-- what a label says about work GitLab knows nothing.
with items as (

    select * from {{ ref('int_gitlab_items_unioned') }}

),

seen as (

    select distinct
        items.source_id,
        items.status_labels,
        label_events.label
    from {{ ref('int_gitlab_label_events_listed') }} as label_events
    inner join items on label_events.work_item_id = items.work_item_id
    where items.statuses_from = 'labels'

)

select distinct
    source_id,
    cast(null as varchar) as status_id,
    'open' as status_name,
    'queue' as status_kind
from items

union all

select distinct
    source_id,
    cast(null as varchar) as status_id,
    'closed' as status_name,
    'done' as status_kind
from items

union all

select
    source_id,
    cast(null as varchar) as status_id,
    label as status_name,
    cast(null as varchar) as status_kind
from seen
where {{ matches_a_pattern('label', 'status_labels') }}
