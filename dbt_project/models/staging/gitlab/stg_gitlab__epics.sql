-- One row per epic. Issues and epics are numbered apart: an epic's native id says that it is one.
with exported as (

    select
        *,
        row_number() over (
            partition by source_id, epic_id
            order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'epics') }}

)

select
    source_id || ':epic-' || epic_id as work_item_id,
    source_id,
    'epic-' || epic_id as native_id,
    epic_key as item_key,
    group_id || '&' || iid as numbered_key,
    regexp_replace(epic_key, '&[0-9]+$', '') as project,
    title,
    state,
    {{ joined_text('labels') }} as labels,
    'epic-' || parent_id as parent_ref,
    created as created_at,
    updated as updated_at,
    closed as closed_at,
    web_url
from exported
where recency = 1
