select
    train_id,
    train_name,
    value_stream_id,
    position
from {{ ref('stg_portfolio__trains') }}
