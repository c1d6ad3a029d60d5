{{ config(meta={'dagster': {'ref': {'name': 'mart_flow_metrics'}}}) }}
-- What is counted by work type and under all is the same work: in each scope, level and week they agree.
with weeks as (

    select
        scope_type,
        scope_id,
        level,
        period_start,
        work_type = 'all' as is_all,
        n_created + n_started + n_finished + n_cancelled as n_events,
        wip_end
    from {{ ref('mart_flow_metrics') }}
    where period_type = 'week'

)

select
    scope_type,
    scope_id,
    level,
    period_start,
    sum(case when is_all then n_events else 0 end) as n_events,
    sum(case when is_all then 0 else n_events end) as n_events_by_type,
    sum(case when is_all then wip_end else 0 end) as wip_end,
    sum(case when is_all then 0 else wip_end end) as wip_end_by_type
from weeks
group by scope_type, scope_id, level, period_start
having sum(case when is_all then n_events else -n_events end) <> 0
    or sum(case when is_all then wip_end else -wip_end end) <> 0
