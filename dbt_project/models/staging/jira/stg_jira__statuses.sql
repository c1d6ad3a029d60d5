with ranked as (

    select
        *,
        row_number() over (partition by source_id, status_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_jira', 'statuses') }}

)

select
    source_id,
    status_id,
    status_name,
    status_category
from ranked
where recency = 1
