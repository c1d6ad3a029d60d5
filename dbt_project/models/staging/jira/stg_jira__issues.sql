{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched() }}"
) }}
-- One row per issue: of several exports of the same issue the newest `updated` counts, then the newest export.
with issues as (

    select *
    from {{ source('raw_jira', 'issues') }}
    where {{ is_touched_reference('source_id', 'issue_id') }}

),

counted as (

    select
        source_id,
        issue_id,
        count(*) as n_exports,
        max(n_histories_announced) as n_histories_announced_ever,
        max(n_histories_embedded) as n_histories_embedded_ever
    from issues
    group by source_id, issue_id

),

joined as (

    select
        issues.*,
        counted.n_exports,
        counted.n_histories_announced_ever,
        counted.n_histories_embedded_ever
    from issues
    inner join counted
        on issues.source_id = counted.source_id
        and issues.issue_id = counted.issue_id

),

-- Most issues come once, and a sort of all of them costs more than everything else here.
exported as (

    select
        *,
        1 as recency
    from joined
    where n_exports = 1

    union all

    select
        *,
        row_number() over (
            partition by source_id, issue_id
            order by updated desc nulls last, exported_at desc, export_file desc, issue_key
        ) as recency
    from joined
    where n_exports > 1

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
    n_exports,
    n_histories_announced_ever as n_histories_announced,
    n_histories_announced_ever is not null or n_histories_embedded_ever is not null as has_changelog
from exported
where recency = 1
