{{ config(meta={'dagster': {'ref': {'name': 'fct_stage_visits'}}}) }}
-- A finished or cancelled item stays nowhere; an open visit of one would age for ever.
select
    visits.work_item_id,
    visits.stage_id
from {{ ref('fct_stage_visits') }} as visits
inner join {{ ref('fct_work_items') }} as items on visits.work_item_id = items.work_item_id
where visits.is_open
    and (items.is_finished or items.is_cancelled)
