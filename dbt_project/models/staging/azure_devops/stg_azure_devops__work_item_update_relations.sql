select distinct
    source_id || ':' || item_id as work_item_id,
    source_id,
    update_id,
    action,
    rel as link_type,
    target_id as linked_id
from {{ source('raw_azure_devops', 'update_relations') }}
