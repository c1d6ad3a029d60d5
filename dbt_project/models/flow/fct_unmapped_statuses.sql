-- Statuses that no workflow maps, counted before visits are folded: two in a row are one visit, but two statuses.
with events as (

    select * from {{ ref('int_item_stages_mapped') }}

),

items as (

    select * from {{ ref('int_items_unioned') }}

)

select
    events.source_id,
    events.status,
    events.stage_id,
    cast(count(distinct events.work_item_id) as integer) as n_items,
    min(items.item_key) as example_item_key
from events
inner join items on events.work_item_id = items.work_item_id
where events.is_unmapped_stage
group by events.source_id, events.status, events.stage_id
