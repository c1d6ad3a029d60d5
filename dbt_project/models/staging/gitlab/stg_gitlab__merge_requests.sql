with exported as (

    select
        *,
        row_number() over (
            partition by source_id, merge_request_id
            order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'merge_requests') }}

)

select
    source_id || ':' || merge_request_id as pull_request_id,
    source_id,
    merge_request_id as native_id,
    iid as merge_request_number,
    project_id,
    project_path as project,
    merge_request_key as pull_request_key,
    title,
    mentioned_keys,
    source_branch,
    target_branch,
    is_draft,
    state,
    created as created_at,
    updated as updated_at,
    merged as merged_at,
    closed as closed_at,
    merge_commit_sha,
    head_commit_sha,
    n_notes,
    web_url
from exported
where recency = 1
