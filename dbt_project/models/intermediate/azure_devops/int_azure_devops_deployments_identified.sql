{{ config(materialized='view') }}
-- Deployments in the vocabulary of all tools. A deployment to an environment names its build and the environment's
-- number: the commit comes from the one, the name from the other.
with deployments as (

    select * from {{ ref('stg_azure_devops__deployments') }}

),

builds as (

    select * from {{ ref('stg_azure_devops__builds') }}

),

environments as (

    select * from {{ ref('stg_azure_devops__environments') }}

)

select
    deployments.deployment_id,
    deployments.source_id,
    deployments.native_id,
    coalesce(deployments.project, builds.project) as project,
    coalesce(
        deployments.environment_name, environments.environment_name, 'environment ' || deployments.environment_id
    ) as environment_name,
    deployments.result,
    deployments.raw_result,
    coalesce(deployments.commit_sha, builds.commit_sha) as commit_sha,
    coalesce(deployments.ref, builds.branch) as ref,
    deployments.started_at,
    deployments.finished_at
from deployments
left join builds on deployments.build_id = builds.build_id
left join environments
    on deployments.origin = 'environment'
    and deployments.source_id = environments.source_id
    and deployments.environment_id = environments.environment_id
