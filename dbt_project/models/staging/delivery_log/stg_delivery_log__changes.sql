-- One row per change, by the newest file that tells it, in the words of a pull request.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, change
            order by exported_at desc, export_file desc, opened desc, merged desc nulls last, closed desc nulls last
        ) as recency
    from {{ source('raw_delivery_log', 'changes') }}

)

select
    source_id || ':' || change as pull_request_id,
    source_id,
    change as native_id,
    change as pull_request_key,
    project,
    title,
    concat_ws(chr(10), title, branch) as body_keys,
    branch as source_branch,
    target as target_branch,
    cast(null as boolean) as is_draft,
    case when merged is not null then 'merged' when closed is not null then 'closed' else 'open' end as state,
    opened as opened_at,
    first_review as first_review_at,
    approved as approved_at,
    merged as merged_at,
    coalesce(closed, merged) as closed_at,
    first_commit as first_commit_at,
    merge_commit as merge_commit_sha,
    head_commit as head_commit_sha,
    cast(null as bigint) as n_commits,
    cast(null as bigint) as n_comments,
    cast(null as bigint) as n_reviews,
    try_cast(additions as bigint) as additions,
    try_cast(deletions as bigint) as deletions
from ranked
where recency = 1
