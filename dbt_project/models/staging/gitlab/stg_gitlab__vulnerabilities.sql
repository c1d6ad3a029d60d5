with exported as (

    select
        *,
        min(exported_at) over (partition by source_id, origin, finding_id) as first_seen,
        row_number() over (
            partition by source_id, origin, finding_id
            order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'vulnerabilities') }}

)

select
    source_id,
    origin,
    finding_id as native_id,
    project_id,
    project_path,
    report_type,
    rule,
    component,
    severity,
    state,
    created as created_at,
    resolved as resolved_at,
    dismissed as dismissed_at,
    updated as updated_at,
    first_seen as first_seen_at
from exported
where recency = 1
