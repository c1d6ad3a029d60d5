with ranked as (

    select
        *,
        row_number() over (partition by source_id, status_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_github', 'deployment_statuses') }}

)

select
    source_id,
    status_id,
    try_cast(status_id as bigint) as status_number,
    source_id || ':' || deployment_id as deployment_id,
    lower(state) as state,
    created as created_at
from ranked
where recency = 1
