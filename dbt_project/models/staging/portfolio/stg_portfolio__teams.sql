select
    team_id,
    team_name,
    train_id,
    value_stream_id,
    location_id,
    cast(position as integer) as position
from {{ source('raw_portfolio', 'teams') }}
