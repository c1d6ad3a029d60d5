with ranked as (

    select
        *,
        row_number() over (partition by source_id, group_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_servicenow', 'groups') }}

)

select
    source_id,
    group_id,
    group_name
from ranked
where recency = 1
