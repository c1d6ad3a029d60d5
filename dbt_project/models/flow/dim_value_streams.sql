select
    value_stream_id,
    value_stream_name,
    timezone,
    position
from {{ ref('stg_portfolio__value_streams') }}
