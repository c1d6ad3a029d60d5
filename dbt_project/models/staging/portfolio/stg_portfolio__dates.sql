select
    cast(calendar_date as date) as calendar_date,
    cast(iso_week_start as date) as iso_week_start,
    cast(month_start as date) as month_start,
    cast(is_working_day as boolean) as is_working_day,
    cast(working_hours as double) as working_hours,
    cast(working_hours_before as double) as working_hours_before,
    cast(holiday_name as varchar) as holiday_name
from {{ source('raw_portfolio', 'dates') }}
