with exported as (

    select
        *,
        row_number() over (partition by source_id, project_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_gitlab', 'projects') }}

)

select
    source_id,
    project_id,
    project_path
from exported
where recency = 1
