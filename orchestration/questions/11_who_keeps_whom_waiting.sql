-- Who keeps whom waiting?
-- Dependencies between trains whose wait ended in the last 12 months, with the days they cost, and those still open.
-- Empty: no tool tells a link that blocks across trains.
select predecessor_name, successor_name, sum(n_waits) as n, round(sum(wait_elapsed_days)) as days_waited,
    round(sum(wait_elapsed_days) / nullif(sum(n_waits), 0), 1) as days_each, sum(n_open) as still_open
from mart_dependency_waits
where period_type = 'month' and scope_type = 'train' and is_crossing
    and period_start > (select max(period_start) - 365 from mart_dependency_waits where period_type = 'month')
group by all
order by days_waited desc
limit 12
