with pull_requests as (

    select * from {{ ref('int_pull_requests_unioned') }}

),

deployed as (

    select * from {{ ref('int_pull_requests_deployed') }}

),

commits as (

    select
        pull_request_id,
        min(committed_at) as first_commit_at,
        count(distinct commit_sha) as n_commits
    from {{ ref('int_commits_unioned') }}
    where pull_request_id is not null
    group by pull_request_id

),

items as (

    select
        linked_id as pull_request_id,
        count(distinct work_item_id) as n_work_items
    from {{ ref('int_code_keys_matched') }}
    where linked_kind = 'pull_request'
    group by linked_id

),

memberships as (

    select * from {{ ref('int_code_memberships_mapped') }} where fact_kind = 'pull_request'

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

as_of_rows as (

    select
        pull_requests.*,
        refresh.as_of,
        {{ known_at_as_of('pull_requests.first_review_at') }} as known_first_review_at,
        {{ known_at_as_of('pull_requests.approved_at') }} as known_approved_at,
        {{ known_at_as_of('pull_requests.merged_at') }} as known_merged_at,
        {{ known_at_as_of('pull_requests.closed_at') }} as known_closed_at,
        {{ known_at_as_of('coalesce(pull_requests.first_commit_at, commits.first_commit_at)') }}
            as known_first_commit_at,
        coalesce(pull_requests.n_commits, commits.n_commits) as known_n_commits
    from pull_requests
    left join commits on pull_requests.pull_request_id = commits.pull_request_id
    cross join refresh
    where pull_requests.opened_at <= refresh.as_of

),

-- Work on a change began with its first commit, or when it was opened where that came first: commits are written anew
-- by a rebase and bear a later date then.
started as (

    select
        *,
        least(coalesce(known_first_commit_at, opened_at), opened_at) as change_started_at,
        coalesce(known_merged_at, known_closed_at, as_of) as known_until
    from as_of_rows

)

select
    started.pull_request_id,
    started.source_id,
    started.native_id,
    started.pull_request_key,
    started.project,
    started.title,
    started.source_branch,
    started.target_branch,
    started.is_draft,
    case
        when started.known_merged_at is not null then 'merged'
        when started.known_closed_at is not null then 'closed'
        else 'open'
    end as state,
    started.opened_at,
    started.known_first_commit_at as first_commit_at,
    started.change_started_at,
    started.known_first_review_at as first_review_at,
    started.known_approved_at as approved_at,
    started.known_merged_at as merged_at,
    started.known_closed_at as closed_at,
    {{ local_date('started.known_merged_at', 'value_streams.timezone') }} as merged_date,
    {{ elapsed_hours('started.known_first_commit_at', 'started.opened_at') }} as coding_elapsed_hours,
    {{ elapsed_hours('started.opened_at', 'started.known_first_review_at') }} as time_to_first_review_elapsed_hours,
    {{ elapsed_hours('started.opened_at', 'started.known_approved_at') }} as time_to_approval_elapsed_hours,
    {{ elapsed_hours('started.opened_at', 'started.known_merged_at') }} as time_to_merge_elapsed_hours,
    {{ elapsed_hours('started.known_approved_at', 'started.known_merged_at') }} as wait_after_approval_elapsed_hours,
    {{ elapsed_hours('started.opened_at', 'started.known_until') }} as age_elapsed_hours,
    {{ elapsed_hours('started.change_started_at', 'started.known_merged_at') }} as cycle_time_elapsed_hours,
    deployed.deployment_id,
    deployed.deployment_basis,
    deployed.deployed_at,
    case
        when deployed.deployed_at >= started.known_merged_at
            then {{ local_date('deployed.deployed_at', 'value_streams.timezone') }}
    end as deployed_date,
    {{ elapsed_hours('started.known_merged_at', 'deployed.deployed_at') }} as wait_for_deployment_elapsed_hours,
    case
        when deployed.deployed_at >= started.known_merged_at
            then {{ elapsed_hours('started.change_started_at', 'deployed.deployed_at') }}
    end as change_lead_time_elapsed_hours,
    cast(started.known_n_commits as integer) as n_commits,
    cast(started.n_comments as integer) as n_comments,
    cast(started.n_reviews as integer) as n_reviews,
    cast(started.additions as integer) as n_lines_added,
    cast(started.deletions as integer) as n_lines_deleted,
    cast(coalesce(items.n_work_items, 0) as integer) as n_work_items,
    -- A tool may name a trial merge of what is still open.
    case when started.known_merged_at is not null then started.merge_commit_sha end as merge_commit_sha,
    started.head_commit_sha,
    memberships.team_id,
    memberships.train_id,
    memberships.value_stream_id,
    memberships.membership_basis
from started
inner join memberships on started.pull_request_id = memberships.fact_id
inner join value_streams on memberships.value_stream_id = value_streams.value_stream_id
left join deployed on started.pull_request_id = deployed.pull_request_id
left join items on started.pull_request_id = items.pull_request_id
