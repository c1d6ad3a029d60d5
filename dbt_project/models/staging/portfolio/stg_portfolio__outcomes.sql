select
    cast(week_start as date) as week_start,
    value_stream_id,
    outcome,
    cast(value as double) as value,
    unit,
    desired_direction
from {{ source('raw_portfolio', 'outcomes') }}
