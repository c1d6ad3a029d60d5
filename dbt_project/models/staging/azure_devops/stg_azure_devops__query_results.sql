select
    source_id || ':' || item_id as work_item_id,
    source_id,
    item_id as native_id,
    max(as_of) as announced_at
from {{ source('raw_azure_devops', 'query_results') }}
group by source_id, item_id
