-- One row per attempt of a run, as its newest export shows it.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, run_id, run_attempt
            order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_github', 'workflow_runs') }}

)

select
    source_id,
    run_id,
    run_attempt,
    repository,
    workflow_name,
    title,
    branch,
    commit_sha,
    trigger,
    lower(status) as status,
    nullif(lower(conclusion), '') as conclusion,
    created as created_at,
    run_started as run_started_at,
    updated as updated_at,
    web_url
from ranked
where recency = 1
