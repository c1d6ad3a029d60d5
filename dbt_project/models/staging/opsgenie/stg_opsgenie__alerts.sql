-- One row per alert: what it is about (its entity) stands for the service.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, alert_id order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_opsgenie', 'alerts') }}

)

select
    source_id || ':' || alert_id as incident_id,
    source_id,
    alert_id as native_id,
    coalesce('#' || tiny_id, alert_id) as incident_key,
    message as title,
    coalesce(entity, integration) as service,
    priority as severity,
    cast(null as varchar) as urgency,
    case
        when lower(status) = 'closed' then 'resolved'
        when is_acknowledged then 'acknowledged'
        else 'open'
    end as status,
    created as opened_at,
    acknowledged as acknowledged_at,
    case when lower(status) = 'closed' then coalesce(closed, updated) end as resolved_at
from ranked
where recency = 1
