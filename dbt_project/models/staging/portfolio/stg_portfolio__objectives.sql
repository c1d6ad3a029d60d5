select
    increment_id,
    team_id,
    objective_id,
    objective,
    is_committed,
    cast(planned_business_value as double) as planned_business_value,
    cast(actual_business_value as double) as actual_business_value
from {{ source('raw_portfolio', 'objectives') }}
