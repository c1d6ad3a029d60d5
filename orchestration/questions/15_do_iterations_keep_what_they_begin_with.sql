-- Do iterations keep what they begin with?
-- Each team's iterations that ended in the last half year, together: the share of the items committed at the start that
-- was done, and what was added, taken out and carried over.
-- Empty: no tool tells iterations (sprints), or none ended in this time.
select team_name, count(distinct iteration_id) as iterations, sum(n_committed) as committed,
    round(sum(n_completed_committed) / nullif(sum(n_committed), 0), 2) as committed_done, sum(n_added) as added,
    sum(n_removed) as removed, sum(n_carried_over) as carried_over
from mart_iteration_health
where is_ended and n_committed is not null
    and coalesce(completed_at, planned_end_at) > (select max(as_of) - interval 182 days from dim_sources)
group by all
order by carried_over desc
