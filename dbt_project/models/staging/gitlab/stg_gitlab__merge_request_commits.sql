with exported as (

    select
        *,
        row_number() over (
            partition by source_id, project_ref, merge_request_iid, commit_sha
            order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'merge_request_commits') }}

)

select
    source_id,
    project_ref,
    merge_request_iid as merge_request_number,
    commit_sha,
    mentioned_keys,
    committed as committed_at
from exported
where recency = 1
