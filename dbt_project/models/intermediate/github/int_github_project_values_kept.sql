{{ config(materialized='view') }}
-- One row per issue, field of a project and moment of export, with the value before it, for the issues that are items.
-- The first one in `recency` is what the field holds now: of several projects the newest value that one of them holds.
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

),

held as (

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
            partition by issues.work_item_id, project_values.project_item_id, project_values.field_name
            order by project_values.exported_at desc
        ) as recency_in_project
    from project_values
    inner join issues
        on project_values.source_id = issues.source_id
        and project_values.repository = issues.repository
        and project_values.number = issues.number

)

select
    *,
    row_number() over (
        partition by work_item_id, field_name
        order by
            case when recency_in_project = 1 then 0 else 1 end, case when value is null then 1 else 0 end,
            exported_at desc, updated_at desc nulls last, project_item_id
    ) as recency
from held
