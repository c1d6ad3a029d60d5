-- Links of each work item as the newest of its exported revisions that shows any: a link itself has no date here.
with ranked as (

    select
        *,
        dense_rank() over (
            partition by source_id, item_id order by rev desc, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'relations') }}

)

select distinct
    source_id || ':' || item_id as work_item_id,
    source_id,
    rev,
    rel as link_type,
    target_id as linked_id
from ranked
where recency = 1
