select
    person_id,
    source_id,
    identity_hash,
    team_id,
    cast(role as varchar) as role,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to
from {{ source('raw_portfolio', 'people') }}
