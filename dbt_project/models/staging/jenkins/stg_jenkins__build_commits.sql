with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, job, build_number, commit_sha order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_jenkins', 'build_commits') }}

)

select
    source_id,
    job,
    build_number,
    commit_sha,
    message,
    committed as committed_at
from ranked
where recency = 1
