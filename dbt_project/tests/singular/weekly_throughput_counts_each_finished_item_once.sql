{{ config(meta={'dagster': {'ref': {'name': 'mart_flow_metrics'}}}) }}
-- The weeks of a scope hold every finished item exactly once, whatever the scope. The portfolio has no week yet that
-- has not begun in each of its value streams: what was finished where it is Monday already follows the next day.
with counted as (

    select
        scope_type,
        sum(n_finished) as n_finished,
        max(period_end) as last_date
    from {{ ref('mart_flow_metrics') }}
    where period_type = 'week'
        and work_type = 'all'
    group by scope_type

),

finished as (

    select finished_date
    from {{ ref('fct_work_items') }}
    where is_counted
        and is_finished

),

facts as (

    select
        counted.scope_type,
        count(finished.finished_date) as n_finished
    from counted
    left join finished on finished.finished_date <= counted.last_date
    group by counted.scope_type

)

select
    counted.scope_type,
    counted.n_finished,
    facts.n_finished as n_finished_in_facts
from counted
inner join facts on counted.scope_type = facts.scope_type
where counted.n_finished <> facts.n_finished
