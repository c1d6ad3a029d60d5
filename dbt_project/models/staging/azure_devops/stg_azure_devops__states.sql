-- One row per state, whatever work item types have it; a category that the newest export gives counts.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, lower(state)
            order by exported_at desc, export_file desc, item_type nulls last, state_category
        ) as recency
    from {{ source('raw_azure_devops', 'states') }}

)

select
    source_id,
    state,
    state_category
from ranked
where recency = 1
