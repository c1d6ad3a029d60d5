select
    cast(split_part(working_day_start, ':', 1) as double)
    + cast(split_part(working_day_start, ':', 2) as double) / 60.0 as day_start_hour,
    cast(split_part(working_day_end, ':', 1) as double)
    + cast(split_part(working_day_end, ':', 2) as double) / 60.0 as day_end_hour
from {{ source('raw_portfolio', 'hours') }}
