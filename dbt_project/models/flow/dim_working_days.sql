select
    location_id,
    calendar_date,
    is_working_weekday,
    is_working_day,
    working_hours,
    working_hours_before,
    holiday_name
from {{ ref('stg_portfolio__working_days') }}
