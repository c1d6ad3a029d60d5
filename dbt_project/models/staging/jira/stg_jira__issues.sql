-- One row per issue: of several exports of the same issue the newest `updated` counts, then the newest export.
with exported as (

    select
        *,
        row_number() over (
            partition by source_id, issue_id
            order by updated desc nulls last, exported_at desc, export_file desc, issue_key
        ) as recency,
        max(n_histories_announced) over (partition by source_id, issue_id) as n_histories_announced_ever,
        max(n_histories_embedded) over (partition by source_id, issue_id) as n_histories_embedded_ever
    from {{ source('raw_jira', 'issues') }}

)

select
    source_id || ':' || issue_id as work_item_id,
    source_id,
    issue_id as native_id,
    issue_key as item_key,
    coalesce(project_key, regexp_extract(issue_key, '^(.*)-[0-9]+$', 1)) as project,
    issue_type as item_type,
    is_subtask,
    summary as title,
    status_id,
    status_name,
    status_category,
    resolution,
    priority,
    {{ joined_text('labels') }} as labels,
    components,
    fix_versions,
    affected_versions,
    {{ json_text('team') }} as team_value,
    {{ json_text('flagged') }} as flag_value,
    {{ jira_field_text('blocked_reason') }} as blocked_reason,
    try_cast({{ json_text('estimate') }} as double) as estimate,
    coalesce({{ json_issue_reference('parent') }}, parent_ref, epic_ref) as parent_ref,
    created as created_at,
    updated as updated_at,
    resolved as resolved_at,
    is_archived,
    case when is_archived then coalesce(archived, updated, exported_at) end as archived_at,
    web_url,
    export_file,
    n_histories_announced_ever as n_histories_announced,
    n_histories_announced_ever is not null or n_histories_embedded_ever is not null as has_changelog
from exported
where recency = 1
