select
    workflow_id,
    stage_id,
    status,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to
from {{ source('raw_portfolio', 'stage_statuses') }}
