-- One row per incident: the newest change of its state counts, then the newest export.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, incident_id
            order by status_changed desc nulls last, exported_at desc, export_file desc
        ) as recency,
        min(acknowledged) over (partition by source_id, incident_id) as first_acknowledged
    from {{ source('raw_pagerduty', 'incidents') }}

)

select
    source_id || ':' || incident_id as incident_id,
    source_id,
    incident_id as native_id,
    coalesce('#' || incident_number, incident_id) as incident_key,
    title,
    coalesce(service_name, service_id) as service,
    priority as severity,
    urgency,
    case status when 'triggered' then 'open' else status end as status,
    created as opened_at,
    first_acknowledged as acknowledged_at,
    resolved as resolved_at
from ranked
where recency = 1
