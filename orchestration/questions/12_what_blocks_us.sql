-- What blocks us, and how many hours does it take?
-- The last three complete months over the whole portfolio; hours count where they fell, also of spells begun earlier.
-- Empty: no tool tells that an item was blocked; see blocked in portfolio.yaml.
select blocked_kind, reason, sum(n_spells_opened) as spells, round(sum(blocked_elapsed_hours) / 24) as elapsed_days,
    round(sum(blocked_working_hours)) as working_hours
from mart_blockers
where scope_type = 'portfolio' and blocked_kind <> 'all' and period_type = 'month' and is_complete
    and period_start in (
        select distinct period_start from mart_blockers
        where period_type = 'month' and is_complete order by period_start desc limit 3
    )
group by all
order by elapsed_days desc
limit 12
