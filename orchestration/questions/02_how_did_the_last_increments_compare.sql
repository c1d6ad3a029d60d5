-- How did the last two increments compare?
-- Days are calendar days, first and last included; half of the items took p50 or less, 85 % took p85 or less, of n
-- items.
-- Empty: no increment has ended since the data begins; ask the same of period_type 'month'.
with ended as (
    select distinct period_start from mart_flow_metrics
    where period_type = 'increment' and is_complete
    order by period_start desc limit 2
)
select scope_name, level, period_id, n_finished, p50_cycle_time_calendar_days as p50,
    p85_cycle_time_calendar_days as p85, n_cycle_time as n, round(flow_efficiency, 2) as flow_efficiency
from mart_flow_metrics
inner join ended using (period_start)
where scope_type = 'value_stream' and scope_id <> 'unassigned' and period_type = 'increment' and work_type = 'all'
order by scope_name, level, period_start
