-- Did the interventions work?
-- The newest verdict on each intervention and metric, the primary one first, the change that it rests on with its 95 %
-- interval (percent, for durations and counts) and what was projected. A verdict looks at the weeks, at chance and at the
-- single items; its cause it cannot prove.
-- Empty: registers/ holds no interventions.
select series.intervention_name, verdicts.metric, verdicts.verdict, verdicts.sub_status, verdicts.n_post as weeks_since,
    round(verdicts.effect_percent) as change_percent, round(verdicts.effect_percent_lower) as change_from,
    round(verdicts.effect_percent_upper) as change_to, promised.projected_change_percent as projected_percent,
    verdicts.action
from intervention_verdicts as verdicts
inner join (
    select distinct intervention_id, intervention_name, metric, is_primary from mart_intervention_series
) as series
    on verdicts.intervention_id = series.intervention_id and verdicts.metric = series.metric
left join intervention_projections as promised
    on verdicts.intervention_id = promised.intervention_id and verdicts.metric = promised.metric
    and promised.is_in_force
qualify row_number() over (
    partition by verdicts.intervention_id, verdicts.metric order by verdicts.week_start desc nulls last
) = 1
order by series.intervention_name, series.is_primary desc, verdicts.metric
