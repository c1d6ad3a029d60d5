with ranked as (

    select
        *,
        row_number() over (partition by source_id, version_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_jira', 'versions') }}

)

select
    source_id,
    version_id,
    version_name,
    project_ref,
    is_released,
    is_archived,
    started as started_date,
    released as released_date
from ranked
where recency = 1
