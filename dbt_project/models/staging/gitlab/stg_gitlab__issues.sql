-- One row per issue: of several exports of the same issue the newest `updated` counts, then the newest export.
with exported as (

    select
        *,
        row_number() over (
            partition by source_id, issue_id
            order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'issues') }}

)

select
    source_id || ':' || issue_id as work_item_id,
    source_id,
    issue_id as native_id,
    iid as issue_number,
    project_id,
    project_path as project,
    issue_key as item_key,
    issue_type as item_type,
    title,
    state,
    {{ joined_text('labels') }} as labels,
    weight as estimate,
    milestone_id,
    milestone_title,
    iteration_id,
    epic_id,
    epic_key,
    moved_to_id,
    duplicate_of,
    created as created_at,
    updated as updated_at,
    closed as closed_at,
    web_url
from exported
where recency = 1
