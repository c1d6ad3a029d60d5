{{ config(materialized='view') }}
-- Pull requests in the vocabulary of all tools. A review is a vote that takes a stand; approval is a vote of 5 (with
-- suggestions) or 10. Who votes is not read, and only who reviews can vote so. Azure Repos tells no added or deleted
-- lines. Work items linked to the request are among its keys.
with pull_requests as (

    select * from {{ ref('stg_azure_devops__pull_requests') }}

),

commits as (

    select
        pull_request_id,
        count(distinct commit_sha) as n_commits,
        min(coalesce(authored_at, committed_at)) as first_commit_at
    from {{ ref('int_azure_devops_commits_identified') }}
    where pull_request_id is not null
    group by pull_request_id

),

threads as (

    select
        pull_request_id,
        min(case when vote <> 0 then published_at end) as first_review_at,
        min(case when vote > 0 then published_at end) as approved_at,
        sum(case when vote <> 0 then 1 else 0 end) as n_reviews,
        sum(coalesce(n_comments, 0)) as n_comments
    from {{ ref('stg_azure_devops__pull_request_threads') }}
    group by pull_request_id

)

select
    pull_requests.pull_request_id,
    pull_requests.source_id,
    pull_requests.native_id,
    coalesce(pull_requests.project || '/', '') || coalesce(pull_requests.repository, '') || '!'
    || pull_requests.native_id as pull_request_key,
    pull_requests.project,
    pull_requests.title,
    {{ azure_devops_key_text("concat_ws(chr(10), pull_requests.title, pull_requests.source_branch, "
        ~ "pull_requests.description)") }}
    || coalesce(
        chr(10) || 'AB#' || replace(nullif(pull_requests.work_item_ids, ''), chr(10), chr(10) || 'AB#'), ''
    ) as body_keys,
    pull_requests.source_branch,
    pull_requests.target_branch,
    pull_requests.is_draft,
    case pull_requests.pull_request_status
        when 'completed' then 'merged'
        when 'abandoned' then 'closed'
        else 'open'
    end as state,
    pull_requests.opened_at,
    threads.first_review_at,
    threads.approved_at,
    case when pull_requests.pull_request_status = 'completed' then pull_requests.closed_at end as merged_at,
    pull_requests.closed_at,
    commits.first_commit_at,
    pull_requests.merge_commit_sha,
    pull_requests.head_commit_sha,
    commits.n_commits,
    cast(threads.n_comments as bigint) as n_comments,
    cast(threads.n_reviews as bigint) as n_reviews,
    cast(null as bigint) as additions,
    cast(null as bigint) as deletions
from pull_requests
left join commits on pull_requests.pull_request_id = commits.pull_request_id
left join threads on pull_requests.pull_request_id = threads.pull_request_id
