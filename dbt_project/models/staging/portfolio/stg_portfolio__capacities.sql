select
    team_id,
    role,
    cast(valid_from as date) as valid_from,
    cast(headcount as double) as headcount,
    cast(hours_per_week as double) as hours_per_week,
    cast(absence_share as double) as absence_share,
    cast(cost_rate_per_hour as double) as cost_rate_per_hour
from {{ source('raw_portfolio', 'capacity') }}
