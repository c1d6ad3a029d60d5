select
    source_id,
    pulled_at,
    complete_to,
    collection,
    n_announced,
    n_received,
    n_missing
from {{ source('quality', 'pulls') }}
