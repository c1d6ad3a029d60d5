-- One row per source and key that an item of it bears or ever bore, in lower case. A key that was given to another item
-- later is that item's.
with items as (

    select * from {{ ref('int_items_unioned') }}

),

aliases as (

    select
        source_id,
        lower(item_key) as alias,
        work_item_id,
        0 as is_former
    from items
    where item_key is not null

    union

    select
        items.source_id,
        lower(changes.from_value) as alias,
        changes.work_item_id,
        1 as is_former
    from {{ ref('int_item_changes_unioned') }} as changes
    inner join items on changes.work_item_id = items.work_item_id
    where changes.attribute = 'key'
        and nullif(changes.from_value, '') is not null

),

ranked as (

    select
        *,
        row_number() over (partition by source_id, alias order by is_former, work_item_id) as preference
    from aliases

)

select
    source_id,
    alias,
    work_item_id
from ranked
where preference = 1
