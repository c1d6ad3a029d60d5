select
    intervention_id,
    intervention_name,
    cast(value_stream_id as varchar) as value_stream_id,
    cast(train_id as varchar) as train_id,
    cast(team_id as varchar) as team_id,
    cast(stage_id as varchar) as stage_id,
    cast(level as varchar) as level,
    metric,
    desired_direction,
    cast(launched_date as date) as launched_date,
    cast(transition_days as integer) as transition_days,
    cast(hypothesis as varchar) as hypothesis,
    cast(owner_role as varchar) as owner_role,
    cast(projected_change_percent as double) as projected_change_percent
from {{ source('raw_portfolio', 'interventions') }}
