select
    train_id,
    train_name,
    value_stream_id,
    cast(position as integer) as position
from {{ source('raw_portfolio', 'trains') }}
