-- One row per incident, by the newest file that tells it.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, incident
            order by exported_at desc, export_file desc, opened desc, resolved desc nulls last
        ) as recency
    from {{ source('raw_delivery_log', 'incidents') }}

)

select
    source_id || ':' || incident as incident_id,
    source_id,
    incident as native_id,
    incident as incident_key,
    title,
    service,
    severity,
    urgency,
    case
        when resolved is not null or lower(status) in ('resolved', 'closed', 'done') then 'resolved'
        when acknowledged is not null or lower(status) = 'acknowledged' then 'acknowledged'
        else 'open'
    end as status,
    opened as opened_at,
    acknowledged as acknowledged_at,
    resolved as resolved_at
from ranked
where recency = 1
