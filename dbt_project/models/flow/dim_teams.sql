select
    team_id,
    team_name,
    train_id,
    value_stream_id,
    location_id,
    position
from {{ ref('stg_portfolio__teams') }}
