{{ config(materialized='view') }}
-- One row per commit and the pull request or deployment it belongs to. Of a deployment only the commit that was
-- deployed is known.
with commits as (

    select * from {{ ref('stg_github__commits') }}

),

known as (

    select
        source_id,
        repository,
        commit_sha,
        min(refs) as refs,
        min(committed_at) as committed_at
    from commits
    group by source_id, repository, commit_sha

)

select
    commits.source_id,
    commits.commit_sha,
    commits.repository as project,
    pull_requests.pull_request_id,
    cast(null as varchar) as deployment_id,
    commits.refs as message_keys,
    commits.committed_at
from commits
left join {{ ref('stg_github__pull_requests') }} as pull_requests
    on commits.source_id = pull_requests.source_id
    and commits.repository = pull_requests.repository
    and commits.number = pull_requests.number

union all

select
    deployments.source_id,
    deployments.commit_sha,
    deployments.repository as project,
    cast(null as varchar) as pull_request_id,
    deployments.deployment_id,
    known.refs as message_keys,
    known.committed_at
from {{ ref('stg_github__deployments') }} as deployments
left join known
    on deployments.source_id = known.source_id
    and deployments.repository = known.repository
    and deployments.commit_sha = known.commit_sha
where deployments.commit_sha is not null
