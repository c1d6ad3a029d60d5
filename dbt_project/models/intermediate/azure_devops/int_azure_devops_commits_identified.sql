{{ config(materialized='view') }}
-- Commits of pull requests in the vocabulary of all tools. An answer that does not name its request belongs to the one
-- whose newest commit it holds.
with commits as (

    select * from {{ ref('stg_azure_devops__pull_request_commits') }}

),

pull_requests as (

    select * from {{ ref('stg_azure_devops__pull_requests') }}

),

heads as (

    select
        source_id,
        head_commit_sha,
        min(pull_request_id) as pull_request_id
    from pull_requests
    group by source_id, head_commit_sha
    having count(*) = 1

),

attributed as (

    select
        commits.*,
        coalesce(commits.pull_request_id, heads.pull_request_id) as attributed_id,
        row_number() over (
            partition by commits.source_id, commits.commit_sha,
                coalesce(commits.pull_request_id, heads.pull_request_id)
            order by commits.pull_request_id is null
        ) as recency
    from commits
    left join heads
        on commits.source_id = heads.source_id
        and commits.commit_sha = heads.head_commit_sha

)

select
    attributed.source_id,
    attributed.commit_sha,
    pull_requests.project,
    attributed.attributed_id as pull_request_id,
    cast(null as varchar) as deployment_id,
    {{ azure_devops_key_text('attributed.message') }} as message_keys,
    coalesce(attributed.committed_at, attributed.authored_at) as committed_at,
    attributed.authored_at
from attributed
left join pull_requests on attributed.attributed_id = pull_requests.pull_request_id
where attributed.recency = 1
