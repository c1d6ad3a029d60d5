with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, build_id, record_id order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'timeline_records') }}

)

select
    source_id || ':' || build_id as build_id,
    source_id,
    record_id,
    parent_id,
    record_type,
    record_name,
    identifier,
    attempt,
    case when lower(state) = 'completed' then {{ azure_devops_result('result') }} else 'running' end as result,
    coalesce(result, state) as raw_result,
    started as started_at,
    finished as finished_at
from ranked
where recency = 1
