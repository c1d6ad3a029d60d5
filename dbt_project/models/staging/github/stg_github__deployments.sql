with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, deployment_id order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_github', 'deployments') }}

)

select
    source_id || ':' || deployment_id as deployment_id,
    source_id,
    deployment_id as native_id,
    repository,
    environment,
    ref,
    commit_sha,
    created as created_at
from ranked
where recency = 1
