with ranked as (

    select
        *,
        row_number() over (partition by source_id, category_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_redmine', 'categories') }}

)

select
    source_id,
    category_id,
    category_name
from ranked
where recency = 1
