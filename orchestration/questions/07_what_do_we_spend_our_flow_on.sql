-- What do we spend our flow on?
-- Of what was finished in the last complete increment, and of what was in progress at its end, the share of each type
-- of work.
-- Empty: no increment has ended since the data begins.
select scope_name, level, work_type, n_finished, n_finished_total as of_n, round(finished_share, 2) as finished_share,
    round(wip_share, 2) as wip_share
from mart_flow_distribution
where scope_type = 'value_stream' and scope_id <> 'unassigned' and period_type = 'increment'
    and period_start = (
        select max(period_start) from mart_flow_distribution where period_type = 'increment' and is_complete
    )
order by scope_name, level, finished_share desc
