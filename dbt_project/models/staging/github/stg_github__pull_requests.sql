-- One row per pull request, as its newest export shows it; the counts come only with the pull request asked for alone.
{% set newest_first = 'partition by source_id, pull_request_id order by updated desc, exported_at desc' %}
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, pull_request_id
            order by updated desc nulls last, n_commits is null, exported_at desc, export_file desc
        ) as recency,
        {{ first_known('n_commits', newest_first) }} as n_commits_known,
        {{ first_known('n_comments + coalesce(n_review_comments, 0)', newest_first) }} as n_comments_known,
        {{ first_known('additions', newest_first) }} as additions_known,
        {{ first_known('deletions', newest_first) }} as deletions_known
    from {{ source('raw_github', 'pull_requests') }}

)

select
    source_id || ':' || pull_request_id as pull_request_id,
    source_id,
    pull_request_id as native_id,
    repository || '#' || number as pull_request_key,
    repository,
    number,
    title,
    {{ joined_text('refs') }} as refs,
    {{ joined_text('closing_refs') }} as closing_refs,
    source_branch,
    target_branch,
    is_draft,
    case when merged is not null then 'merged' else state end as state,
    created as opened_at,
    updated as updated_at,
    merged as merged_at,
    closed as closed_at,
    merge_commit_sha,
    head_commit_sha,
    n_commits_known as n_commits,
    n_comments_known as n_comments,
    additions_known as additions,
    deletions_known as deletions,
    web_url
from ranked
where recency = 1
