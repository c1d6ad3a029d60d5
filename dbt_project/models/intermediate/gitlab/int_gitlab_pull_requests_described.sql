{{ config(materialized='view') }}
-- GitLab's merge requests as pull requests. Approved: when the last approval that it needed was given, as newer servers
-- tell; else at the first approval after the last one that was taken back, as its notes tell.
with merge_requests as (

    select * from {{ ref('stg_gitlab__merge_requests') }}

),

approvals as (

    select * from {{ ref('stg_gitlab__merge_request_approvals') }}

),

withdrawals as (

    select
        *,
        max(case when action = 'unapproved' then reviewed_at end) over (partition by pull_request_id)
            as withdrawn_at
    from {{ ref('int_gitlab_reviews_listed') }}

),

reviews as (

    select
        pull_request_id,
        min(reviewed_at) as first_review_at,
        min(case when action = 'approved' and reviewed_at >= coalesce(withdrawn_at, reviewed_at)
            then reviewed_at end) as approved_at,
        count(*) filter (where action <> 'thread') as n_reviews
    from withdrawals
    group by pull_request_id

),

given as (

    select
        merge_requests.pull_request_id,
        max(approvals.approved_ats[1]) as first_approved_at,
        max(case when approvals.is_approved
            then approvals.approved_ats[cast(greatest(coalesce(approvals.n_required, 1), 1) as integer)] end)
            as approved_at,
        max(approvals.n_approvals) as n_approvals
    from approvals
    inner join merge_requests
        on approvals.source_id = merge_requests.source_id
        and (
            approvals.merge_request_id = merge_requests.native_id
            or (
                approvals.merge_request_id is null
                and approvals.merge_request_number = merge_requests.merge_request_number
                and approvals.project_ref in (merge_requests.project_id, merge_requests.project)
            )
        )
    group by merge_requests.pull_request_id

),

-- The address that commits were asked under names the project by its id or by its path.
commits as (

    select
        merge_requests.pull_request_id,
        min(commits.committed_at) as first_commit_at,
        count(distinct commits.commit_sha) as n_commits
    from {{ ref('stg_gitlab__merge_request_commits') }} as commits
    inner join merge_requests
        on commits.source_id = merge_requests.source_id
        and commits.merge_request_number = merge_requests.merge_request_number
        and commits.project_ref in (merge_requests.project_id, merge_requests.project)
    group by merge_requests.pull_request_id

)

select
    merge_requests.pull_request_id,
    merge_requests.source_id,
    merge_requests.native_id,
    merge_requests.pull_request_key,
    merge_requests.project,
    merge_requests.title,
    merge_requests.title || chr(10) || coalesce(merge_requests.source_branch, '') || chr(10)
    || coalesce(merge_requests.mentioned_keys, '') as body_keys,
    merge_requests.source_branch,
    merge_requests.target_branch,
    merge_requests.is_draft,
    case when merge_requests.state in ('merged', 'closed') then merge_requests.state else 'open' end as state,
    merge_requests.created_at as opened_at,
    least(reviews.first_review_at, given.first_approved_at) as first_review_at,
    coalesce(given.approved_at, reviews.approved_at) as approved_at,
    case when merge_requests.state = 'merged'
        then coalesce(merge_requests.merged_at, merged_events.created_at)
    end as merged_at,
    case when merge_requests.state = 'closed'
        then coalesce(merge_requests.closed_at, closed_events.created_at)
    end as closed_at,
    commits.first_commit_at,
    merge_requests.merge_commit_sha,
    merge_requests.head_commit_sha,
    commits.n_commits,
    merge_requests.n_notes as n_comments,
    coalesce(reviews.n_reviews, given.n_approvals) as n_reviews,
    cast(null as bigint) as additions,
    cast(null as bigint) as deletions
from merge_requests
left join reviews on merge_requests.pull_request_id = reviews.pull_request_id
left join given on merge_requests.pull_request_id = given.pull_request_id
left join commits on merge_requests.pull_request_id = commits.pull_request_id
left join (
    select
        source_id,
        resource_id,
        max(created_at) as created_at
    from {{ ref('stg_gitlab__resource_events') }}
    where resource_type = 'MergeRequest' and event_kind = 'state' and action = 'merged'
    group by source_id, resource_id
) as merged_events
    on merge_requests.source_id = merged_events.source_id
    and merge_requests.native_id = merged_events.resource_id
left join (
    select
        source_id,
        resource_id,
        max(created_at) as created_at
    from {{ ref('stg_gitlab__resource_events') }}
    where resource_type = 'MergeRequest' and event_kind = 'state' and action = 'closed'
    group by source_id, resource_id
) as closed_events
    on merge_requests.source_id = closed_events.source_id
    and merge_requests.native_id = closed_events.resource_id
