-- Do we start more than we finish?
-- The last 13 complete weeks. Where more is started than finished or cancelled, work in progress grows, and with it the
-- time that everything takes.
-- Empty: no week is complete yet.
select scope_name, level, sum(n_started) as started, sum(n_finished) as finished, sum(n_cancelled) as cancelled,
    round(arg_min(wip_mean, period_start), 1) as wip_then, round(arg_max(wip_mean, period_start), 1) as wip_now
from mart_flow_metrics
where scope_type = 'value_stream' and scope_id <> 'unassigned' and period_type = 'week' and work_type = 'all'
    and is_complete
    and period_start > (select max(period_start) - 91 from mart_flow_metrics where period_type = 'week' and is_complete)
group by all
order by started - finished - cancelled desc
