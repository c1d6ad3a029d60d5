select
    refresh_id,
    cast(as_of as timestamptz) as as_of
from {{ source('raw_portfolio', 'refresh') }}
