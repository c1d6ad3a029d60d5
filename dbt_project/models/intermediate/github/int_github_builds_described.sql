{{ config(materialized='view') }}
-- One row per attempt of a workflow run. It was queued when it was created, or, tried again, when the attempt began; it
-- started with its first job and finished with its last. Where jobs were not exported GitHub's own figures stand in: of
-- the finish only the run's last update is known then.
with runs as (

    select * from {{ ref('stg_github__workflow_runs') }}

),

jobs as (

    select
        source_id,
        run_id,
        run_attempt,
        min(started_at) as started_at,
        max(completed_at) as finished_at
    from {{ ref('stg_github__workflow_jobs') }}
    -- A skipped job is stamped without ever having run.
    where coalesce(conclusion, '') <> 'skipped'
    group by source_id, run_id, run_attempt

)

select
    runs.source_id || ':' || runs.run_id
    || case when runs.run_attempt > 1 then '/' || runs.run_attempt else '' end as build_id,
    runs.source_id,
    runs.run_id || case when runs.run_attempt > 1 then '/' || runs.run_attempt else '' end as native_id,
    runs.repository as project,
    runs.workflow_name as pipeline_name,
    runs.branch,
    runs.commit_sha,
    runs.title,
    {{ github_build_result('runs.status', 'runs.conclusion') }} as result,
    coalesce(runs.conclusion, runs.status) as raw_result,
    case when runs.run_attempt > 1 then runs.run_started_at else runs.created_at end as queued_at,
    case
        when runs.status not in ('queued', 'waiting', 'pending', 'requested')
            then coalesce(jobs.started_at, runs.run_started_at)
    end as started_at,
    case
        when runs.conclusion is not null or runs.status = 'completed' then coalesce(jobs.finished_at, runs.updated_at)
    end as finished_at,
    runs.web_url
from runs
left join jobs
    on runs.source_id = jobs.source_id
    and runs.run_id = jobs.run_id
    and runs.run_attempt = jobs.run_attempt
