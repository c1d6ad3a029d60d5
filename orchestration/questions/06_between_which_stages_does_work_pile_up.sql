-- Between which stages does work pile up?
-- Items in each stage at the end of the last day and 13 weeks before, and what came and went between: the bands of the
-- cumulative flow diagram that widen.
-- Empty: no item was in any stage.
with last_day as (select max(calendar_date) as today from mart_stage_days)
select scope_name, level, stage_name,
    sum(n_wip) filter (calendar_date = today - 91) as wip_then, sum(n_wip) filter (calendar_date = today) as wip_now,
    sum(n_arrivals) filter (calendar_date > today - 91) as arrivals,
    sum(n_departures) filter (calendar_date > today - 91) as departures,
    sum(n_backward_arrivals) filter (calendar_date > today - 91) as came_back
from mart_stage_days
cross join last_day
where scope_type = 'value_stream' and scope_id <> 'unassigned' and stage_kind <> 'done'
group by scope_name, level, stage_name, stage_position
having sum(n_arrivals) filter (calendar_date > today - 91) > 0
order by wip_now - wip_then desc
limit 12
