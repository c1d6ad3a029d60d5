select
    interventions.intervention_id,
    interventions.intervention_name,
    coalesce(interventions.value_stream_id, trains.value_stream_id, teams.value_stream_id) as value_stream_id,
    interventions.stage_id,
    interventions.level,
    case
        when interventions.team_id is not null then 'team'
        when interventions.train_id is not null then 'train'
        else 'value_stream'
    end as scope_type,
    coalesce(interventions.team_id, interventions.train_id, interventions.value_stream_id) as scope_id,
    interventions.metric,
    interventions.desired_direction,
    interventions.launched_date,
    interventions.transition_days,
    interventions.hypothesis,
    interventions.owner_role,
    interventions.projected_change_percent,
    interventions.projected_change_low_percent,
    interventions.projected_change_high_percent,
    interventions.minimum_change_percent,
    interventions.kind,
    interventions.funded_date,
    interventions.cost,
    interventions.excluded_controls
from {{ ref('stg_portfolio__interventions') }} as interventions
left join {{ ref('stg_portfolio__trains') }} as trains
    on interventions.train_id = trains.train_id
left join {{ ref('stg_portfolio__teams') }} as teams
    on interventions.team_id = teams.team_id
