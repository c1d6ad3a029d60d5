select
    intervention_id,
    metric,
    is_primary,
    cast(stage_id as varchar) as stage_id,
    cast(level as varchar) as level,
    desired_direction,
    cast(projected_change_percent as double) as projected_change_percent,
    cast(projected_change_low_percent as double) as projected_change_low_percent,
    cast(projected_change_high_percent as double) as projected_change_high_percent,
    cast(minimum_change_percent as double) as minimum_change_percent
from {{ source('raw_portfolio', 'intervention_metrics') }}
