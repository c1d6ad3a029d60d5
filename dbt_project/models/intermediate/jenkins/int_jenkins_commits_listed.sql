{{ config(materialized='view') }}
-- The commits that a deployment by Jenkins was the first to hold.
select
    deployments.source_id,
    commits.commit_sha,
    deployments.project,
    cast(null as varchar) as pull_request_id,
    deployments.deployment_id,
    commits.message as message_keys,
    commits.committed_at
from {{ ref('int_jenkins_deployments_matched') }} as deployments
inner join {{ ref('stg_jenkins__build_commits') }} as commits
    on deployments.source_id = commits.source_id
    and deployments.job = commits.job
    and deployments.build_number = commits.build_number
