{{ config(meta={'dagster': {'ref': {'name': 'fct_parent_spells'}}}) }}
-- An item has one parent at a time; two at once would count its work twice in roll-ups.
select
    earlier.work_item_id,
    earlier.parent_work_item_id,
    later.parent_work_item_id as other_parent_work_item_id,
    later.started_at
from {{ ref('fct_parent_spells') }} as earlier
inner join {{ ref('fct_parent_spells') }} as later
    on earlier.work_item_id = later.work_item_id
    and earlier.started_at < later.started_at
where earlier.ended_at is null
    or earlier.ended_at > later.started_at
