with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, pull_request_id, commit_sha order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'pull_request_commits') }}

)

select
    source_id,
    case when pull_request_id is not null then source_id || ':' || pull_request_id end as pull_request_id,
    commit_sha,
    message,
    authored as authored_at,
    committed as committed_at
from ranked
where recency = 1
