{{ config(materialized='view') }}
-- GitLab's pipelines as builds. A list of pipelines does not say when they ran: the details do, else their jobs. A
-- pipeline that waits for a person, or was skipped, has no result.
with pipelines as (

    select * from {{ ref('stg_gitlab__pipelines') }}

),

projects as (

    select * from {{ ref('int_gitlab_projects_named') }}

),

jobs as (

    select
        source_id,
        pipeline_id,
        min(started_at) as started_at,
        max(finished_at) as finished_at
    from {{ ref('stg_gitlab__jobs') }}
    group by source_id, pipeline_id

)

select
    pipelines.source_id || ':' || pipelines.pipeline_id as build_id,
    pipelines.source_id,
    pipelines.pipeline_id as native_id,
    coalesce(pipelines.project_path, projects.project, pipelines.project_id) as project,
    coalesce(pipelines.pipeline_name, pipelines.trigger_source) as pipeline_name,
    pipelines.ref as branch,
    pipelines.commit_sha,
    cast(null as varchar) as title,
    {{ gitlab_result('pipelines.status') }} as result,
    pipelines.status as raw_result,
    pipelines.created_at as queued_at,
    coalesce(pipelines.started_at, jobs.started_at) as started_at,
    coalesce(
        pipelines.finished_at,
        case when pipelines.status in ('success', 'failed', 'canceled') then jobs.finished_at end
    ) as finished_at,
    pipelines.web_url
from pipelines
left join jobs
    on pipelines.source_id = jobs.source_id
    and pipelines.pipeline_id = jobs.pipeline_id
left join projects
    on pipelines.source_id = projects.source_id
    and pipelines.project_id = projects.project_id
