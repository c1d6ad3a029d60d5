-- One row per issue: of several exports of the same issue the newest `updated` counts, then the newest export. Journals
-- come only with some of them: that they were once exported is kept.
with exported as (

    select
        *,
        row_number() over (
            partition by source_id, issue_id
            order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency,
        max(n_journals) over (partition by source_id, issue_id) as n_journals_ever
    from {{ source('raw_redmine', 'issues') }}

)

select
    source_id || ':' || issue_id as work_item_id,
    source_id,
    issue_id,
    project_id,
    project_name,
    tracker_id,
    tracker_name,
    status_id,
    status_name,
    is_closed,
    priority_name,
    category_id,
    category_name,
    version_id,
    version_name,
    subject,
    {{ json_text('team') }} as team_value,
    {{ json_text('flagged') }} as flag_value,
    {{ json_text('blocked_reason') }} as blocked_reason,
    coalesce(try_cast({{ json_text('estimate') }} as double), estimated_hours) as estimate,
    coalesce({{ json_text('parent') }}, parent_id) as parent_ref,
    coalesce({{ json_text('sprint') }}, version_id) as iteration_ref,
    created as created_at,
    updated as updated_at,
    closed as closed_at,
    n_journals_ever is not null as has_journals
from exported
where recency = 1
