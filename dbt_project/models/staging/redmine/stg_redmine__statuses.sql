with ranked as (

    select
        *,
        row_number() over (partition by source_id, status_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_redmine', 'statuses') }}

)

select
    source_id,
    status_id,
    status_name,
    is_closed,
    position
from ranked
where recency = 1
