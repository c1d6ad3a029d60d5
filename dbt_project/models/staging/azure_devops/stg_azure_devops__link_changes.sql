with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, item_id, rel, target_id
            order by changed desc nulls last, exported_at desc, export_file desc, is_active
        ) as recency
    from {{ source('raw_azure_devops', 'link_changes') }}

)

select
    source_id || ':' || item_id as work_item_id,
    source_id,
    rel as link_type,
    target_id as linked_id,
    is_active,
    changed as changed_at
from ranked
where recency = 1
