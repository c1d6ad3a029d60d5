select
    location_id,
    cast(calendar_date as date) as calendar_date,
    cast(is_working_weekday as boolean) as is_working_weekday,
    cast(is_working_day as boolean) as is_working_day,
    cast(working_hours as double) as working_hours,
    cast(working_hours_before as double) as working_hours_before,
    cast(holiday_name as varchar) as holiday_name
from {{ source('raw_portfolio', 'working_days') }}
