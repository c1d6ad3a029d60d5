with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, job_id order by completed desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_github', 'workflow_jobs') }}

)

select
    source_id,
    job_id,
    run_id,
    run_attempt,
    repository,
    job_name,
    lower(status) as status,
    nullif(lower(conclusion), '') as conclusion,
    created as created_at,
    started as started_at,
    completed as completed_at
from ranked
where recency = 1
