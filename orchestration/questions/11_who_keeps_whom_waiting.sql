-- Who keeps whom waiting?
-- Dependencies between teams whose wait ended in the last twelve months, with the days they cost, and those still open.
-- Empty: no tool tells a link that blocks across teams.
select predecessor_name, successor_name, sum(n_waits) as n, round(sum(wait_elapsed_days), 1) as days_waited,
    round(sum(wait_elapsed_days) / nullif(sum(n_waits), 0), 1) as days_each, coalesce(sum(n_open), 0) as still_open
from mart_dependency_waits
where period_type = 'month' and scope_type = 'team' and is_crossing
    and period_start > (select max(as_of) - interval 1 year from dim_sources)
group by all
order by days_waited desc
limit 12
