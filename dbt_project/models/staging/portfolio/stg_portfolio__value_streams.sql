select
    value_stream_id,
    value_stream_name,
    timezone,
    cast(position as integer) as position
from {{ source('raw_portfolio', 'value_streams') }}
