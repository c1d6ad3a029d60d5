select
    workflow_id,
    resolution
from {{ source('raw_portfolio', 'cancelled_resolutions') }}
