select
    source_id,
    tool,
    exports
from {{ source('raw_portfolio', 'sources') }}
