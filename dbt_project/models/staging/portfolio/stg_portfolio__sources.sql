select
    source_id,
    tool,
    exports,
    statuses_from,
    cast(status_labels as varchar) as status_labels
from {{ source('raw_portfolio', 'sources') }}
