-- One row per item that an explicit link calls the duplicate of an item of another source: the same work kept in two
-- tools, counted once. A duplicate within a tool is that tool's own affair: it is closed there, mostly as cancelled.
-- An item of no counted level, or one removed from its tool before it was done, stands for no other: else the work
-- would be counted nowhere.
with items as (

    select * from {{ ref('int_items_unioned') }}

),

timelines as (

    select * from {{ ref('int_item_timelines_built') }}

),

memberships as (

    select * from {{ ref('int_item_memberships_mapped') }}

),

standing as (

    select
        items.work_item_id,
        items.source_id
    from items
    inner join timelines
        on items.work_item_id = timelines.work_item_id
        and timelines.next_event_at is null
    inner join memberships
        on timelines.work_item_id = memberships.work_item_id
        and timelines.event_number = memberships.event_number
    where memberships.workflow_id is not null
        and (items.removed_at is null or items.status_kind = 'done')

),

links as (

    select
        links.work_item_id,
        links.linked_work_item_id
    from {{ ref('int_work_item_links_resolved') }} as links
    inner join items on links.work_item_id = items.work_item_id
    inner join standing on links.linked_work_item_id = standing.work_item_id
    where links.relation = 'duplicates'
        and links.unlinked_at is null
        and items.source_id <> standing.source_id

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
