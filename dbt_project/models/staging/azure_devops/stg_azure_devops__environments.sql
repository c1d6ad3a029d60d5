with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, environment_id order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'environments') }}

)

select
    source_id,
    environment_id,
    environment_name,
    project_id
from ranked
where recency = 1
