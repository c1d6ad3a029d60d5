-- One row per issue and pull request that the issues API lists: the newest `updated` counts, then the newest export.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, issue_id
            order by updated desc nulls last, exported_at desc, export_file desc, repository, number
        ) as recency
    from {{ source('raw_github', 'issues') }}

)

select
    source_id || ':' || issue_id as work_item_id,
    source_id,
    issue_id as native_id,
    repository || '#' || number as item_key,
    repository,
    number,
    title,
    lower(state) as state,
    lower(state_reason) as state_reason,
    is_pull_request,
    issue_type,
    nullif({{ joined_text('labels') }}, '') as labels,
    milestone_id,
    parent_ref,
    created as created_at,
    updated as updated_at,
    closed as closed_at,
    web_url
from ranked
where recency = 1
