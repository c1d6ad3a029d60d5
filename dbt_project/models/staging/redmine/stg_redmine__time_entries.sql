-- Hours on an issue; those logged on a project alone belong to no item. The day it was for begins in the source's zone.
with ranked as (

    select
        *,
        row_number() over (partition by source_id, entry_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_redmine', 'time_entries') }}

)

select
    source_id,
    source_id || ':' || issue_id as work_item_id,
    entry_id as worklog_id,
    spent as started_at,
    hours
from ranked
where recency = 1 and issue_id is not null
