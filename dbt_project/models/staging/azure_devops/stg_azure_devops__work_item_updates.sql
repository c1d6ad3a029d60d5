-- One row per update; its newest export counts, because what was the newest update is revised later.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, item_id, update_id order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'updates') }}

)

select
    source_id || ':' || item_id as work_item_id,
    source_id,
    item_id as native_id,
    update_id,
    rev,
    has_fields,
    changed as changed_at,
    revised as revised_at
from ranked
where recency = 1
