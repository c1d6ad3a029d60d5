{{ config(materialized='view') }}
-- One row per pull request. The first review is the first that was submitted, whatever it said; approved is the last
-- approval before the merge (or by now), because a push after the first one asks for another.
with pull_requests as (

    select * from {{ ref('stg_github__pull_requests') }}

),

reviews as (

    select
        pull_requests.pull_request_id,
        min(reviews.submitted_at) as first_review_at,
        max(
            case
                when reviews.state = 'approved'
                    and (pull_requests.merged_at is null or reviews.submitted_at <= pull_requests.merged_at)
                    then reviews.submitted_at
            end
        ) as approved_at,
        count(reviews.submitted_at) as n_reviews
    from pull_requests
    inner join {{ ref('stg_github__reviews') }} as reviews
        on pull_requests.source_id = reviews.source_id
        and pull_requests.repository = reviews.repository
        and pull_requests.number = reviews.number
    group by pull_requests.pull_request_id

),

sources_with_reviews as (

    select distinct source_id
    from {{ ref('stg_github__reviews') }}

),

commits as (

    select
        source_id,
        repository,
        number,
        min(authored_at) as first_commit_at,
        count(*) as n_commits
    from {{ ref('stg_github__commits') }}
    where number is not null
    group by source_id, repository, number

)

select
    pull_requests.pull_request_id,
    pull_requests.source_id,
    pull_requests.native_id,
    pull_requests.pull_request_key,
    pull_requests.repository as project,
    pull_requests.title,
    concat_ws(' ', pull_requests.title, pull_requests.source_branch, pull_requests.refs) as body_keys,
    pull_requests.source_branch,
    pull_requests.target_branch,
    pull_requests.is_draft,
    pull_requests.state,
    pull_requests.opened_at,
    reviews.first_review_at,
    reviews.approved_at,
    pull_requests.merged_at,
    pull_requests.closed_at,
    commits.first_commit_at,
    pull_requests.merge_commit_sha,
    pull_requests.head_commit_sha,
    coalesce(pull_requests.n_commits, commits.n_commits) as n_commits,
    pull_requests.n_comments,
    -- No review is a figure only where reviews were exported.
    coalesce(reviews.n_reviews, case when sources_with_reviews.source_id is not null then 0 end) as n_reviews,
    pull_requests.additions,
    pull_requests.deletions
from pull_requests
left join reviews on pull_requests.pull_request_id = reviews.pull_request_id
left join commits
    on pull_requests.source_id = commits.source_id
    and pull_requests.repository = commits.repository
    and pull_requests.number = commits.number
left join sources_with_reviews on pull_requests.source_id = sources_with_reviews.source_id
