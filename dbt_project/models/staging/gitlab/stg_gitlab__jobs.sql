with exported as (

    select
        *,
        row_number() over (
            partition by source_id, job_id
            order by (finished is not null) desc, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'jobs') }}

)

select
    source_id,
    job_id,
    pipeline_id,
    project_id,
    project_path,
    job_name,
    stage as job_stage,
    ref,
    sha as commit_sha,
    status,
    allow_failure as is_allowed_to_fail,
    created as created_at,
    started as started_at,
    finished as finished_at,
    duration_seconds,
    queued_seconds,
    web_url
from exported
where recency = 1
