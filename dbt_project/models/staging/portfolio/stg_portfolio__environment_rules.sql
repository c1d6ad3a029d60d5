select
    source_id,
    environment,
    pattern
from {{ source('raw_portfolio', 'environment_rules') }}
