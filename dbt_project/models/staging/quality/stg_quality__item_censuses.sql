select
    source_id,
    native_id,
    state as census_state,
    evidence,
    checked_at
from {{ source('quality', 'item_censuses') }}
