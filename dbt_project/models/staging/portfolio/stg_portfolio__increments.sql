select
    increment_id,
    increment_name,
    cast(start_date as date) as start_date,
    cast(end_date as date) as end_date,
    cast(position as integer) as position
from {{ source('raw_portfolio', 'increments') }}
