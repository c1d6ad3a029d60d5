-- The successful deployments into production that had ended by as_of: what reached users, whose changes they were and
-- what went wrong after them follow from these.
select
    deployments.deployment_id,
    deployments.source_id,
    deployments.project,
    lower(deployments.project) as project_key,
    deployments.commit_sha,
    coalesce(deployments.started_at, deployments.finished_at) as started_at,
    coalesce(deployments.finished_at, deployments.started_at) as deployed_at
from {{ ref('int_deployments_unioned') }} as deployments
inner join {{ ref('int_environments_classified') }} as environments
    on deployments.source_id = environments.source_id
    and deployments.environment_name = environments.environment_name
cross join {{ ref('stg_portfolio__refresh') }} as refresh
where environments.environment = 'production'
    and deployments.result = 'success'
    and coalesce(deployments.finished_at, deployments.started_at) <= refresh.as_of
