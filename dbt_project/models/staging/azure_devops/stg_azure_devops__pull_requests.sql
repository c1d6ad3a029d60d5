with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, pull_request_id order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'pull_requests') }}

)

select
    source_id || ':' || pull_request_id as pull_request_id,
    source_id,
    pull_request_id as native_id,
    project,
    repository,
    title,
    description,
    source_branch,
    target_branch,
    status as pull_request_status,
    coalesce(is_draft, false) as is_draft,
    created as opened_at,
    closed as closed_at,
    merge_commit_sha,
    head_commit_sha,
    {{ joined_text('work_item_ids') }} as work_item_ids
from ranked
where recency = 1
