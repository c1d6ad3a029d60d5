with exported as (

    select
        *,
        row_number() over (
            partition by source_id, coalesce(merge_request_id, project_ref || '!' || merge_request_iid)
            order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'merge_request_approvals') }}

)

select
    source_id,
    merge_request_id,
    project_ref,
    merge_request_iid as merge_request_number,
    n_required,
    is_approved,
    n_approvals,
    approved as approved_ats,
    updated as updated_at
from exported
where recency = 1
