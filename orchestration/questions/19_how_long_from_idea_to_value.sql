-- How long does it take from the idea to value, and how much of it is work?
-- Of what was finished in the last complete increment: calendar days from the idea (the topmost parent's beginning) and
-- from the start, half of the items or less; the share of flow time in which somebody worked.
-- Empty: no increment has ended since the data begins.
select scope_name, level, p50_idea_to_value_calendar_days as idea_to_value, n_idea_to_value as n,
    p50_lead_time_calendar_days as lead_time, p50_cycle_time_calendar_days as cycle_time,
    round(flow_efficiency, 2) as flow_efficiency, round(blocked_share, 2) as blocked_share
from mart_flow_metrics
where scope_type = 'value_stream' and scope_id <> 'unassigned' and period_type = 'increment' and work_type = 'all'
    and n_idea_to_value > 0
    and period_start = (select max(period_start) from mart_flow_metrics where period_type = 'increment' and is_complete)
order by idea_to_value desc
