-- One row per item of a project, field and moment of export: projects are known by what they held when exported.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, project_item_id, lower(field_name), exported_at
            order by updated desc nulls last, export_file desc, value
        ) as recency
    from {{ source('raw_github', 'project_values') }}

)

select
    source_id,
    project_id,
    project_item_id,
    repository,
    number,
    lower(field_name) as field_name,
    nullif(value, '') as value,
    updated as updated_at,
    is_archived,
    exported_at
from ranked
where recency = 1
