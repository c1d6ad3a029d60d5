select
    dates.calendar_date,
    dates.iso_week_start,
    dates.month_start,
    increments.increment_id,
    dates.is_working_day,
    dates.working_hours,
    dates.working_hours_before,
    dates.holiday_name
from {{ ref('stg_portfolio__dates') }} as dates
left join {{ ref('stg_portfolio__increments') }} as increments
    on dates.calendar_date >= increments.start_date
    and dates.calendar_date <= increments.end_date
