{{ config(meta={'dagster': {'ref': {'name': 'fct_work_items'}}}) }}
-- Active, waiting and blocked time cut the flow window into disjoint parts: nothing is counted twice, nothing is lost.
select
    work_item_id,
    active_elapsed_days,
    wait_elapsed_days,
    blocked_elapsed_days,
    flow_time_elapsed_days
from {{ ref('fct_work_items') }}
where abs(active_elapsed_days + wait_elapsed_days + blocked_elapsed_days - flow_time_elapsed_days) > 0.000001
    or active_elapsed_days < -0.000001
    or wait_elapsed_days < -0.000001
    or blocked_elapsed_days < -0.000001
