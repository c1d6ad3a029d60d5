-- One row per worklog: the same one comes with every export of its issue and on its pages.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, worklog_id
            order by updated desc nulls last, exported_at desc, export_file desc, issue_ref
        ) as recency
    from {{ source('raw_jira', 'worklogs') }}

)

select
    source_id,
    worklog_id,
    issue_ref,
    started as started_at,
    seconds / 3600.0 as hours
from ranked
where recency = 1
