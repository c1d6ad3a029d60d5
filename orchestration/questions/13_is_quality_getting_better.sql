-- Is quality getting better?
-- The last three complete increments: defects that came, went and are open, how many escaped to users, vulnerabilities
-- and technical debt open at the end. NULL: nobody scans, or no rule says which defects escaped.
-- Empty: no increment has ended since the data begins.
select scope_name, period_id, n_defects_created as created, n_defects_finished as finished, n_defects_open as open,
    round(escaped_defect_share, 2) as escaped_share,
    n_vulnerabilities_open_critical + n_vulnerabilities_open_high as severe_open,
    round(debt_effort_hours) as debt_hours
from mart_quality_signals
where scope_type in ('portfolio', 'value_stream') and scope_id <> 'unassigned' and period_type = 'increment'
    and period_start in (
        select distinct period_start from mart_quality_signals
        where period_type = 'increment' and is_complete order by period_start desc limit 3
    )
order by scope_type, scope_name, period_start
