-- One row per item and span in which it had one and the same parent.
with items as (

    select * from {{ ref('int_items_unioned') }}

),

-- By the item's own field, else by a link that calls another item its parent.
parents as (

    select
        items.work_item_id,
        coalesce(min(by_id.work_item_id), min(by_key.work_item_id), min(by_link.linked_work_item_id))
            as parent_work_item_id
    from items
    left join items as by_id
        on items.source_id = by_id.source_id
        and items.parent_ref = by_id.native_id
    left join items as by_key
        on items.source_id = by_key.source_id
        and lower(items.parent_ref) = lower(by_key.item_key)
    left join {{ ref('int_work_item_links_resolved') }} as by_link
        on items.work_item_id = by_link.work_item_id
        and by_link.relation = 'parent'
        and by_link.unlinked_at is null
    group by items.work_item_id

)

select
    parents.work_item_id,
    parents.parent_work_item_id,
    items.created_at as started_at,
    cast(null as timestamptz) as ended_at
from parents
inner join items on parents.work_item_id = items.work_item_id
where parents.parent_work_item_id is not null
