-- Builds in the vocabulary of all tools. A build that is not completed is running, whatever it waits for.
with ranked as (

    select
        *,
        row_number() over (partition by source_id, build_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_azure_devops', 'builds') }}

)

select
    source_id || ':' || build_id as build_id,
    source_id,
    build_id as native_id,
    project,
    definition_name as pipeline_name,
    regexp_replace(branch, '^refs/heads/', '') as branch,
    commit_sha,
    {{ azure_devops_key_text('coalesce(message, build_number)') }} as title,
    case when lower(status) = 'completed' then {{ azure_devops_result('result') }} else 'running' end as result,
    coalesce(result, status) as raw_result,
    queued as queued_at,
    started as started_at,
    finished as finished_at,
    web_url,
    build_number,
    status as build_status,
    repository,
    tags
from ranked
where recency = 1
