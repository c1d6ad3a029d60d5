select
    intervention_id,
    cast(event_date as date) as event_date,
    practice,
    cast(is_followed as boolean) as is_followed
from {{ source('raw_portfolio', 'practice_events') }}
