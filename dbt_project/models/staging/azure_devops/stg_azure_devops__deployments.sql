-- Classic releases and environments count their deployments each on their own.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, origin, environment_id, deployment_id order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'deployments') }}

)

select
    source_id || ':' || origin || ':' || coalesce(environment_id, '') || ':' || deployment_id as deployment_id,
    source_id,
    origin || ':' || coalesce(environment_id, '') || ':' || deployment_id as native_id,
    origin,
    project,
    environment_id,
    environment_name,
    definition_name,
    case when build_id is not null then source_id || ':' || build_id end as build_id,
    case when result is null and finished is null then 'running' else {{ azure_devops_result('result') }} end as result,
    result as raw_result,
    commit_sha,
    regexp_replace(ref, '^refs/heads/', '') as ref,
    coalesce(started, queued) as started_at,
    finished as finished_at
from ranked
where recency = 1
