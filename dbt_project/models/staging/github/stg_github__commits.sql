-- One row per commit and pull request it belongs to; a rebased commit is another one.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, repository, number, commit_sha order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_github', 'commits') }}

)

select
    source_id,
    commit_sha,
    repository,
    number,
    {{ joined_text('refs') }} as refs,
    authored as authored_at,
    committed as committed_at
from ranked
where recency = 1
