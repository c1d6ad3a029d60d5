-- One row per deployment, by the newest file that tells it. Without a word for its result one that has ended was a
-- success.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, deployment order by exported_at desc, export_file desc, started desc, finished desc
        ) as recency
    from {{ source('raw_delivery_log', 'deployments') }}

)

select
    source_id || ':' || deployment as deployment_id,
    source_id,
    deployment as native_id,
    project,
    environment as environment_name,
    case
        when result is null and finished is not null then 'success'
        when result is null then 'running'
        else {{ delivery_result('result') }}
    end as result,
    result as raw_result,
    commit as commit_sha,
    commits as commit_shas,
    ref,
    coalesce(started, finished) as started_at,
    finished as finished_at
from ranked
where recency = 1
