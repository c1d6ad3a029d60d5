-- Each work type that ever occurred in a scope and level, in each of its periods, beside what all types together hold:
-- the shares of a period add up to 1, also before a type had its first item there.
with flow_metrics as (

    select * from {{ ref('mart_flow_metrics') }}

),

totals as (

    select * from flow_metrics where work_type = 'all'

),

work_types as (

    select distinct
        scope_type,
        scope_id,
        level,
        work_type
    from flow_metrics
    where work_type <> 'all'

)

select
    totals.scope_type,
    totals.scope_id,
    totals.scope_name,
    totals.value_stream_id,
    totals.level,
    work_types.work_type,
    totals.period_type,
    totals.period_id,
    totals.period_start,
    totals.period_end,
    totals.is_complete,
    coalesce(parts.n_finished, 0) as n_finished,
    totals.n_finished as n_finished_total,
    cast(coalesce(parts.n_finished, 0) as double) / nullif(totals.n_finished, 0) as finished_share,
    coalesce(parts.wip_end, 0) as wip_end,
    totals.wip_end as wip_end_total,
    cast(coalesce(parts.wip_end, 0) as double) / nullif(totals.wip_end, 0) as wip_share
from totals
inner join work_types
    on totals.scope_type = work_types.scope_type
    and totals.scope_id = work_types.scope_id
    and totals.level = work_types.level
left join flow_metrics as parts
    on totals.scope_type = parts.scope_type
    and totals.scope_id = parts.scope_id
    and totals.level = parts.level
    and totals.period_type = parts.period_type
    and totals.period_start = parts.period_start
    and work_types.work_type = parts.work_type
