with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, item_id order by deleted desc, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'deletions') }}

)

select
    source_id || ':' || item_id as work_item_id,
    source_id,
    item_id as native_id,
    project,
    item_type,
    title,
    deleted as deleted_at
from ranked
where recency = 1
