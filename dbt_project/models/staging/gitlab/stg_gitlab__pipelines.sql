-- One row per pipeline as it was updated last; a list does not say when it ran, its details do.
with exported as (

    select
        *,
        row_number() over (
            partition by source_id, pipeline_id
            order by
                updated desc nulls last, (finished is not null) desc, (started is not null) desc,
                exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'pipelines') }}

)

select
    source_id,
    pipeline_id,
    project_id,
    project_path,
    pipeline_name,
    trigger_source,
    ref,
    sha as commit_sha,
    status,
    created as created_at,
    updated as updated_at,
    started as started_at,
    finished as finished_at,
    duration_seconds,
    queued_seconds,
    web_url
from exported
where recency = 1
