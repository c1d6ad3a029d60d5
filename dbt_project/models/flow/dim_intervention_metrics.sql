select
    metrics.intervention_id,
    metrics.metric,
    metrics.is_primary,
    interventions.intervention_name,
    interventions.value_stream_id,
    interventions.scope_type,
    interventions.scope_id,
    metrics.stage_id,
    metrics.level,
    metrics.desired_direction,
    interventions.launched_date,
    interventions.transition_days,
    interventions.hypothesis,
    interventions.owner_role,
    metrics.projected_change_percent,
    metrics.projected_change_low_percent,
    metrics.projected_change_high_percent,
    metrics.minimum_change_percent,
    interventions.kind,
    interventions.funded_date,
    interventions.cost
from {{ ref('stg_portfolio__intervention_metrics') }} as metrics
inner join {{ ref('dim_interventions') }} as interventions
    on metrics.intervention_id = interventions.intervention_id
