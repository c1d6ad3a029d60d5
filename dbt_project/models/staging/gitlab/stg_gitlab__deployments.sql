with exported as (

    select
        *,
        row_number() over (
            partition by source_id, deployment_id
            order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'deployments') }}

)

select
    source_id,
    deployment_id,
    project_id,
    project_path,
    environment_name,
    environment_tier,
    ref,
    sha,
    status,
    created as created_at,
    updated as updated_at,
    job_id,
    job_name,
    job_started as job_started_at,
    job_finished as job_finished_at,
    pipeline_id,
    commit_sha,
    mentioned_keys,
    committed as committed_at
from exported
where recency = 1
