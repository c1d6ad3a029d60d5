-- One row per build: what tells its end goes before what saw it run; the list of builds tells more than the stage
-- view, so it goes before it; then the newest export. A build that ended before its checkout does not name the
-- repository that the job's other builds name.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, job, build_number
            order by
                case when is_building then 1 else 0 end,
                case when origin = 'builds' then 0 else 1 end,
                exported_at desc, export_file desc, started desc
        ) as recency,
        max(repository) over (partition by source_id, job) as repository_of_job
    from {{ source('raw_jenkins', 'builds') }}

)

select
    source_id || ':' || job || '#' || build_number as build_id,
    source_id,
    job || '#' || build_number as native_id,
    job,
    build_number,
    coalesce(
        {{ repository_path('repository_of_job') }}, nullif(regexp_extract(job, '^(.*)/[^/]+$', 1), ''), job
    ) as project,
    regexp_extract(job, '([^/]+)$', 1) as pipeline_name,
    regexp_replace(branch, '^(refs/)?(remotes/[^/]+/|heads/|origin/)', '') as branch,
    commit_sha,
    title,
    case when is_building then 'running' else {{ delivery_result('result') }} end as result,
    result as raw_result,
    started - to_milliseconds(queued_ms) as queued_at,
    started as started_at,
    finished as finished_at,
    url as web_url
from ranked
where recency = 1
