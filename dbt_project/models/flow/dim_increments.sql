select
    increment_id,
    increment_name,
    start_date,
    end_date,
    position
from {{ ref('stg_portfolio__increments') }}
