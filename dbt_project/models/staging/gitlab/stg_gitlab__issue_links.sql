-- One row per link as one of its issues tells it, in the newest export.
with exported as (

    select
        *,
        row_number() over (
            partition by
                source_id, link_id, coalesce(issue_id, project_ref || '#' || issue_iid), linked_issue_id, link_type
            order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'issue_links') }}

)

select
    source_id,
    link_id,
    link_type,
    project_ref,
    issue_iid as issue_number,
    issue_id,
    linked_issue_id,
    linked as linked_at
from exported
where recency = 1
