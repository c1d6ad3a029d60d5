with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, pull_request_id, thread_id order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'pull_request_threads') }}

)

select
    source_id || ':' || pull_request_id as pull_request_id,
    source_id,
    thread_id,
    published as published_at,
    vote,
    n_comments
from ranked
where recency = 1
