with exported as (

    select
        *,
        row_number() over (partition by source_id, note_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_gitlab', 'notes') }}

)

select
    source_id,
    noteable_type,
    noteable_id,
    note_id,
    is_system,
    is_resolvable,
    action,
    created as created_at
from exported
where recency = 1
