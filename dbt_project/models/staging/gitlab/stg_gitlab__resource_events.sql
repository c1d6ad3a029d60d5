-- One row per event, however often it was exported: the newest export knows a label's name of today.
with exported as (

    select
        *,
        row_number() over (
            partition by source_id, event_kind, event_id
            order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'resource_events') }}

)

select
    source_id,
    source_id || case resource_type when 'Epic' then ':epic-' else ':' end || resource_id as work_item_id,
    event_kind,
    event_kind || '-' || event_id as event_key,
    try_cast(event_id as bigint) as event_number,
    resource_type,
    resource_id,
    action,
    value_id,
    value_name,
    created as created_at
from exported
where recency = 1
