-- One row per work item and revision; its newest export counts. Analytics alone tells the category of a state.
with ranked as (

    select
        *,
        max(state_category) over (partition by source_id, item_id, rev) as state_category_ever,
        max(web_url) over (partition by source_id, item_id) as web_url_ever,
        row_number() over (
            partition by source_id, item_id, rev order by exported_at desc, origin desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'revisions') }}

)

select
    source_id || ':' || item_id as work_item_id,
    source_id,
    item_id as native_id,
    rev,
    origin,
    project,
    area_path,
    item_type,
    state,
    reason,
    title,
    tags,
    priority,
    found_in,
    integrated_in,
    is_deleted,
    iteration_path,
    team,
    parent,
    estimate,
    flagged,
    blocked_reason,
    created as created_at,
    changed as changed_at,
    state_changed as state_changed_at,
    resolved as resolved_at,
    closed as closed_at,
    state_category_ever as state_category,
    web_url_ever as web_url
from ranked
where recency = 1
