-- Where does the time of an item go?
-- Days that visits which ended in the last 13 complete weeks spent waiting, in work and blocked, by stage, and the
-- stage's share of its value stream's days; stages below 5 % are left out.
-- Empty: no visit to a stage has ended in these weeks.
with days as (
    select value_stream_id, level, stage_name, stage_position, sum(n_visits_ended) as visits,
        sum(wait_elapsed_days) as waiting, sum(active_elapsed_days) as in_work, sum(blocked_elapsed_days) as blocked
    from mart_stage_metrics
    where scope_type = 'value_stream' and value_stream_id <> 'unassigned' and is_complete
        and week_start > (select max(week_start) - 91 from mart_stage_metrics where is_complete)
    group by all
), shares as (
    select *, waiting + in_work + blocked as total,
        sum(waiting + in_work + blocked) over (partition by value_stream_id, level) as of_all
    from days
    where visits > 0
)
select value_stream_id, level, stage_name, visits, round(waiting) as waiting, round(in_work) as in_work,
    round(blocked) as blocked, round(total / of_all, 2) as share
from shares
where total / nullif(of_all, 0) >= 0.05
order by value_stream_id, level, stage_position
