-- A journal comes with every export of its issue; it is told by its id.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, issue_id, journal_id, detail_position
            order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_redmine', 'journal_details') }}

)

select
    source_id,
    issue_id,
    journal_id,
    journal_position,
    detail_position,
    changed as changed_at,
    property,
    name as detail_name,
    old_value,
    new_value
from ranked
where recency = 1
