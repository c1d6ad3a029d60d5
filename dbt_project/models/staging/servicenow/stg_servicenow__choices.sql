with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, table_name, element, choice_value order by exported_at desc, export_file desc, label
        ) as recency
    from {{ source('raw_servicenow', 'choices') }}

)

select
    source_id,
    table_name,
    element,
    choice_value,
    label
from ranked
where recency = 1
