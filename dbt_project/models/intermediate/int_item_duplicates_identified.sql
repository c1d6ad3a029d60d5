-- One row per item that an explicit link calls the duplicate of an item of another source: the same work kept in two
-- tools, counted once. A duplicate within a tool is that tool's own affair: it is closed there, mostly as cancelled.
with links as (

    select
        links.work_item_id,
        links.linked_work_item_id
    from {{ ref('int_work_item_links_resolved') }} as links
    inner join {{ ref('int_items_unioned') }} as items on links.work_item_id = items.work_item_id
    inner join {{ ref('int_items_unioned') }} as linked_items on links.linked_work_item_id = linked_items.work_item_id
    where links.relation = 'duplicates'
        and links.unlinked_at is null
        and items.source_id <> linked_items.source_id

)

select
    links.work_item_id,
    min(links.linked_work_item_id) as duplicate_of_work_item_id
from links
left join links as mutual
    on links.work_item_id = mutual.linked_work_item_id
    and links.linked_work_item_id = mutual.work_item_id
-- Of two that call each other duplicates one has to stay.
where mutual.work_item_id is null
    or links.work_item_id > links.linked_work_item_id
group by links.work_item_id
