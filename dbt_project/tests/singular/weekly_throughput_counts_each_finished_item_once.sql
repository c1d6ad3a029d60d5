{{ config(meta={'dagster': {'ref': {'name': 'mart_flow_metrics'}}}) }}
-- The weeks of a scope hold every finished item exactly once, whatever the scope.
with counted as (

    select
        scope_type,
        sum(n_finished) as n_finished
    from {{ ref('mart_flow_metrics') }}
    where period_type = 'week'
        and work_type = 'all'
    group by scope_type

),

facts as (

    select count(*) as n_finished
    from {{ ref('fct_work_items') }}
    where is_counted
        and is_finished

)

select
    counted.scope_type,
    counted.n_finished,
    facts.n_finished as n_finished_in_facts
from counted
cross join facts
where counted.n_finished <> facts.n_finished
