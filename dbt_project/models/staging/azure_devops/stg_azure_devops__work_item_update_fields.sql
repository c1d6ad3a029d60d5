with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, item_id, update_id, role order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'update_fields') }}

)

select
    source_id || ':' || item_id as work_item_id,
    source_id,
    update_id,
    rev,
    role as field_role,
    old_value,
    new_value
from ranked
where recency = 1
