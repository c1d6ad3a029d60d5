-- Which limits on work in progress are broken, and how often?
-- The last 13 complete weeks. A limit holds for the stage in its value stream over all levels, so breaches are counted
-- once and not once a level; wip_mean is over all levels too.
-- Empty: no stage has a wip_limit in portfolio.yaml.
with weeks as (
    select value_stream_id, stage_name, stage_position, week_start, max(wip_limit) as wip_limit,
        max(n_breach_days) as breach_days, sum(wip_mean) as wip_mean
    from mart_stage_metrics
    where scope_type = 'value_stream' and wip_limit is not null and is_complete
        and week_start > (select max(week_start) - 91 from mart_stage_metrics where is_complete)
    group by all
)
select value_stream_id, stage_name, max(wip_limit) as wip_limit, round(avg(wip_mean), 1) as wip_mean,
    sum(breach_days) as breach_days, count(*) filter (breach_days > 0) as weeks_broken, count(*) as weeks
from weeks
group by value_stream_id, stage_name, stage_position
order by breach_days desc, avg(weeks.wip_mean) / max(weeks.wip_limit) desc
