-- One row per merged pull request that reached production: its first successful production deployment. By commit where
-- a deployment's own commit, or the commits it is told to have brought, are the merge's, the head's or the pull
-- request's. Else by order, in projects (the same name, whatever the source) whose deployments do not tell their
-- commits: the first one that started after the merge. What was merged before the first deployment that is known of its
-- project may have been deployed long before it, so order says nothing of that.
with pull_requests as (

    select
        pulls.pull_request_id,
        lower(pulls.project) as project_key,
        pulls.merged_at,
        pulls.merge_commit_sha,
        pulls.head_commit_sha
    from {{ ref('int_pull_requests_unioned') }} as pulls
    cross join {{ ref('stg_portfolio__refresh') }} as refresh
    where pulls.merged_at <= refresh.as_of

),

deployments as (

    select * from {{ ref('int_production_deployments_kept') }}

),

commits as (

    select * from {{ ref('int_commits_unioned') }}

),

deployed_commits as (

    select
        deployment_id,
        commit_sha
    from deployments
    where commit_sha is not null

    union

    select
        deployments.deployment_id,
        commits.commit_sha
    from deployments
    inner join commits on deployments.deployment_id = commits.deployment_id

),

change_commits as (

    select
        pull_request_id,
        merge_commit_sha as commit_sha
    from pull_requests

    union

    select
        pull_request_id,
        head_commit_sha as commit_sha
    from pull_requests

    union

    select
        pull_request_id,
        commit_sha
    from commits
    where pull_request_id is not null

),

-- A deployment before the merge (of the branch itself) is the change's only if there is none after it.
by_commit as (

    select
        pull_requests.pull_request_id,
        deployments.deployment_id,
        deployments.deployed_at,
        row_number() over (
            partition by pull_requests.pull_request_id
            order by
                case when deployments.deployed_at >= pull_requests.merged_at then 0 else 1 end,
                deployments.deployed_at,
                deployments.deployment_id
        ) as place
    from pull_requests
    inner join change_commits on pull_requests.pull_request_id = change_commits.pull_request_id
    inner join deployed_commits on change_commits.commit_sha = deployed_commits.commit_sha
    inner join deployments on deployed_commits.deployment_id = deployments.deployment_id

),

projects_telling_commits as (

    select distinct deployments.project_key
    from deployments
    inner join commits on deployments.deployment_id = commits.deployment_id
    where deployments.project_key is not null

),

first_deployments as (

    select
        project_key,
        min(started_at) as started_at
    from deployments
    where project_key is not null
    group by project_key

),

moments as (

    select
        pull_requests.project_key,
        pull_requests.merged_at as moment,
        0 as rank_of_moment,
        pull_requests.pull_request_id,
        cast(null as varchar) as deployment_id,
        cast(null as timestamptz) as deployed_at
    from pull_requests
    inner join first_deployments
        on pull_requests.project_key = first_deployments.project_key
        and pull_requests.merged_at >= first_deployments.started_at
    left join projects_telling_commits on pull_requests.project_key = projects_telling_commits.project_key
    where projects_telling_commits.project_key is null

    union all

    select
        project_key,
        started_at as moment,
        1 as rank_of_moment,
        cast(null as varchar) as pull_request_id,
        deployment_id,
        deployed_at
    from deployments
    where project_key is not null

),

{% set ahead = 'partition by project_key order by moment, rank_of_moment, deployment_id, pull_request_id' -%}
by_order as (

    select
        pull_request_id,
        {{ next_known('deployment_id', ahead) }} as deployment_id,
        {{ next_known('deployed_at', ahead) }} as deployed_at
    from moments

)

select
    pull_requests.pull_request_id,
    coalesce(by_commit.deployment_id, by_order.deployment_id) as deployment_id,
    coalesce(by_commit.deployed_at, by_order.deployed_at) as deployed_at,
    case when by_commit.deployment_id is not null then 'commit' else 'order' end as deployment_basis
from pull_requests
left join by_commit
    on pull_requests.pull_request_id = by_commit.pull_request_id
    and by_commit.place = 1
left join by_order on pull_requests.pull_request_id = by_order.pull_request_id
where coalesce(by_commit.deployment_id, by_order.deployment_id) is not null
