{{ config(materialized='view') }}
-- GitLab's deployments. One that a job made began and ended with its job; one that was only registered began when that
-- was done and ended with its last update.
with deployments as (

    select * from {{ ref('stg_gitlab__deployments') }}

),

projects as (

    select * from {{ ref('int_gitlab_projects_named') }}

)

select
    deployments.source_id || ':' || deployments.deployment_id as deployment_id,
    deployments.source_id,
    deployments.deployment_id as native_id,
    coalesce(deployments.project_path, projects.project, deployments.project_id) as project,
    deployments.environment_name,
    {{ gitlab_result('deployments.status') }} as result,
    deployments.status as raw_result,
    deployments.commit_sha,
    deployments.ref,
    case when deployments.job_id is null then deployments.created_at else deployments.job_started_at end as started_at,
    case
        when deployments.job_id is not null then deployments.job_finished_at
        when {{ gitlab_result('deployments.status') }} in ('success', 'failure', 'cancelled')
            then deployments.updated_at
    end as finished_at
from deployments
left join projects
    on deployments.source_id = projects.source_id
    and deployments.project_id = projects.project_id
