-- How often and how fast do we deliver, and how often does it break?
-- DORA's measures of the last complete increment: deployments into production, the share that failed, days from the
-- first commit to production, hours to restore.
-- Empty: no source tells deployments, or no increment has ended.
select scope_name, n_deployments as deployments, round(deployments_per_week, 1) as per_week,
    round(change_failure_share, 2) as failed, round(p50_change_lead_time_elapsed_hours / 24, 1) as lead_days,
    n_incidents as incidents, round(p50_time_to_restore_elapsed_hours, 1) as hours_to_restore
from mart_delivery_performance
where scope_type in ('portfolio', 'value_stream') and scope_id <> 'unassigned' and period_type = 'increment'
    and period_start = (
        select max(period_start) from mart_delivery_performance where period_type = 'increment' and is_complete
    )
order by deployments desc
