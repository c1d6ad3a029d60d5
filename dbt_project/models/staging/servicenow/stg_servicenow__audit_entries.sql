-- One row per changed field, however often it was exported. Fields that one update changed share its checkpoint.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, document_id, field_name, changed, record_checkpoint, audit_id
            order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_servicenow', 'audit_entries') }}

)

select
    source_id,
    source_id || ':' || document_id as work_item_id,
    document_id as record_id,
    table_name,
    audit_id,
    field_name,
    old_value,
    new_value,
    changed as changed_at,
    record_checkpoint
from ranked
where recency = 1
