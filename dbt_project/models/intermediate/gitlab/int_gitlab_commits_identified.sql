{{ config(materialized='view') }}
-- Commits of GitLab's merge requests and deployments. A commit may belong to several.
with merge_requests as (

    select * from {{ ref('stg_gitlab__merge_requests') }}

),

commits as (

    select * from {{ ref('stg_gitlab__merge_request_commits') }}

),

deployments as (

    select * from {{ ref('stg_gitlab__deployments') }}

),

named as (

    select * from {{ ref('int_gitlab_deployments_described') }}

)

-- Asked for by the project's id and by its path, a commit is still one.
select
    commits.source_id,
    commits.commit_sha,
    merge_requests.project,
    merge_requests.pull_request_id,
    cast(null as varchar) as deployment_id,
    max(commits.mentioned_keys) as message_keys,
    max(commits.committed_at) as committed_at
from commits
inner join merge_requests
    on commits.source_id = merge_requests.source_id
    and commits.merge_request_number = merge_requests.merge_request_number
    and commits.project_ref in (merge_requests.project_id, merge_requests.project)
group by commits.source_id, commits.commit_sha, merge_requests.project, merge_requests.pull_request_id

union all

select
    deployments.source_id,
    deployments.commit_sha,
    named.project,
    cast(null as varchar) as pull_request_id,
    named.deployment_id,
    deployments.mentioned_keys as message_keys,
    deployments.committed_at
from deployments
inner join named
    on deployments.source_id = named.source_id
    and deployments.deployment_id = named.native_id
where deployments.commit_sha is not null
