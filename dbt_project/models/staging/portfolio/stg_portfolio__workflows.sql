select
    workflow_id,
    workflow_name,
    cast(position as integer) as position
from {{ source('raw_portfolio', 'workflows') }}
