-- Where is work done twice?
-- Teams by the share of the flow time of their finished items that went into going back over stages already passed, in
-- the last complete increment, and how often a finished item was opened again.
-- Empty: no increment has ended since the data begins.
select scope_name as team, level, n_finished, round(rework_share, 3) as rework_share,
    round(rework_elapsed_days) as rework_days, n_reopened as reopened
from mart_flow_metrics
where scope_type = 'team' and scope_id <> 'unassigned' and period_type = 'increment' and work_type = 'all'
    and rework_share is not null
    and period_start = (select max(period_start) from mart_flow_metrics where period_type = 'increment' and is_complete)
order by rework_share desc
limit 12
