select
    location_id,
    cast(timezone as varchar) as timezone,
    cast(split_part(working_day_start, ':', 1) as double)
    + cast(split_part(working_day_start, ':', 2) as double) / 60.0 as day_start_hour,
    cast(split_part(working_day_end, ':', 1) as double)
    + cast(split_part(working_day_end, ':', 2) as double) / 60.0 as day_end_hour,
    cast(working_days_per_week as integer) as working_days_per_week
from {{ source('raw_portfolio', 'hours') }}
