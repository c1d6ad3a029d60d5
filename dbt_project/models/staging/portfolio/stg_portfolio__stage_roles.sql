select
    stage_id,
    role
from {{ source('raw_portfolio', 'stage_roles') }}
