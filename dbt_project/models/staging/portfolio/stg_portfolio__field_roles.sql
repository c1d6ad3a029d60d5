select
    source_id,
    field_role,
    field_id
from {{ source('raw_portfolio', 'field_roles') }}
