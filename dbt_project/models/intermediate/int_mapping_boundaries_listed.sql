-- The instants at which some mapping of the portfolio begins or ends to hold: an item's stage or team may change there
-- although nothing happened to the item. Usually empty.
with validities as (

    select valid_from, valid_to from {{ ref('stg_portfolio__stage_statuses') }}
    union
    select valid_from, valid_to from {{ ref('stg_portfolio__membership_rules') }}
    union
    select valid_from, valid_to from {{ ref('stg_portfolio__work_type_rules') }}

),

days as (

    select valid_from as boundary_date from validities where valid_from is not null
    union
    select {{ plus_days('valid_to', 1) }} as boundary_date from validities where valid_to is not null

),

-- The unassigned value stream carries the portfolio's own time zone.
portfolio as (

    select timezone from {{ ref('stg_portfolio__value_streams') }} where value_stream_id = 'unassigned'

)

select
    days.boundary_date,
    {{ start_of_day('days.boundary_date', 'portfolio.timezone') }} as boundary_at
from days
cross join portfolio
