-- One row per item with a parent: the one it had on the day it ended; of an item that is open, or had none on that day,
-- the one it has at as_of.
with spells as (

    select * from {{ ref('int_parent_spells_detected') }}

),

clocks as (

    select * from {{ ref('int_item_clocks_computed') }}

)

select
    spells.work_item_id,
    coalesce(
        min(case when {{ is_in_force('spells', 'clocks.ended_at') }} then spells.parent_work_item_id end),
        min(case when spells.ended_at is null then spells.parent_work_item_id end)
    ) as parent_work_item_id
from spells
left join clocks on spells.work_item_id = clocks.work_item_id
where {{ is_in_force('spells', 'clocks.ended_at') }}
    or spells.ended_at is null
group by spells.work_item_id
