select
    workflow_id,
    blocked_kind,
    value as blocked_value
from {{ source('raw_portfolio', 'blocked_rules') }}
