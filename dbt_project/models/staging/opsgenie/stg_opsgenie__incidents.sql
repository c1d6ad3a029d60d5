-- One row per incident. The end of its impact is its resolution where it is known, else its last update once resolved.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, incident_id order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_opsgenie', 'incidents') }}

)

select
    source_id || ':' || incident_id as incident_id,
    source_id,
    incident_id as native_id,
    coalesce('#' || tiny_id, incident_id) as incident_key,
    message as title,
    services[1] as service,
    priority as severity,
    cast(null as varchar) as urgency,
    case when lower(status) in ('resolved', 'closed') then 'resolved' else 'open' end as status,
    created as opened_at,
    cast(null as timestamptz) as acknowledged_at,
    case when lower(status) in ('resolved', 'closed') then coalesce(impact_ended, updated) end as resolved_at
from ranked
where recency = 1
