with ranked as (

    select
        *,
        row_number() over (partition by source_id, area_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_azure_devops', 'areas') }}

)

select
    source_id,
    area_id,
    area_name,
    area_path
from ranked
where recency = 1
