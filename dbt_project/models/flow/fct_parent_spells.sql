-- An item keeps its last parent after its end; what is given another parent later shows it.
with spells as (

    select * from {{ ref('int_parent_spells_detected') }}

),

items as (

    select
        work_item_id,
        source_id
    from {{ ref('int_items_unioned') }}

)

select
    spells.work_item_id || '#' || cast(
        row_number() over (partition by spells.work_item_id order by spells.started_at) as varchar
    ) as parent_spell_id,
    spells.work_item_id,
    items.source_id,
    spells.parent_work_item_id,
    spells.started_at,
    spells.ended_at,
    spells.ended_at is null as is_open
from spells
inner join items on spells.work_item_id = items.work_item_id
