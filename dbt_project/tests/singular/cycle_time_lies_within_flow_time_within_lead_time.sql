{{ config(meta={'dagster': {'ref': {'name': 'fct_work_items'}}}) }}
-- The three clocks end together and start one after another, so each is at most as long as the next where both exist.
select
    work_item_id,
    cycle_time_elapsed_days,
    flow_time_elapsed_days,
    lead_time_elapsed_days
from {{ ref('fct_work_items') }}
where cycle_time_elapsed_days > flow_time_elapsed_days
    or flow_time_elapsed_days > lead_time_elapsed_days
    or cycle_time_elapsed_days > lead_time_elapsed_days
    or cycle_time_restarted_elapsed_days > cycle_time_elapsed_days
