{{ config(materialized='view') }}
-- One row per issue, field of a project and moment of export, with the value before it, for the issues that are items.
with project_values as (

    select * from {{ ref('stg_github__project_values') }}

),

issues as (

    select
        source_id,
        work_item_id,
        repository,
        number
    from {{ ref('stg_github__issues') }}
    where not is_pull_request

)

select
    issues.work_item_id,
    project_values.*,
    lag(project_values.value) over (
        partition by issues.work_item_id, project_values.project_item_id, project_values.field_name
        order by project_values.exported_at
    ) as previous_value,
    row_number() over (
        partition by issues.work_item_id, project_values.project_item_id, project_values.field_name
        order by project_values.exported_at
    ) as place,
    row_number() over (
        partition by issues.work_item_id, project_values.field_name
        order by
            project_values.exported_at desc, project_values.updated_at desc nulls last, project_values.project_item_id
    ) as recency
from project_values
inner join issues
    on project_values.source_id = issues.source_id
    and project_values.repository = issues.repository
    and project_values.number = issues.number
