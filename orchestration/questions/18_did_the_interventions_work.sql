-- Did the interventions work?
-- The median week before the launch and after the transition, and the weeks since in which a rule of the process
-- behaviour chart fired. A difference without a signal may be chance; a signal has not yet a cause.
-- Empty: registers/ holds no interventions.
select series.intervention_name, series.metric, series.unit, series.desired_direction as wanted,
    round(median(series.value) filter (points.is_baseline), 1) as before,
    round(median(series.value) filter (series.phase = 'after' and series.is_complete), 1) as after,
    count(*) filter (series.phase = 'after' and points.signal_direction = 'improvement') as better_weeks,
    count(*) filter (series.phase = 'after' and points.signal_direction = 'concern') as worse_weeks,
    count(*) filter (series.phase = 'after' and series.is_complete) as of_weeks
from mart_intervention_series as series
inner join process_behaviour_points as points using (intervention_id, week_start)
group by all
order by series.intervention_name
