with ranked as (

    select
        *,
        row_number() over (partition by source_id, tracker_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_redmine', 'trackers') }}

)

select
    source_id,
    tracker_id,
    tracker_name,
    default_status_id
from ranked
where recency = 1
