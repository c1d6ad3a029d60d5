with ranked as (

    select
        *,
        row_number() over (partition by source_id, field_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_redmine', 'custom_fields') }}

)

select
    source_id,
    field_id,
    field_name
from ranked
where recency = 1
