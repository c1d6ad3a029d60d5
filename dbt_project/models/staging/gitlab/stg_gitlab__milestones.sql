with exported as (

    select
        *,
        row_number() over (
            partition by source_id, milestone_id
            order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'milestones') }}

)

select
    source_id,
    milestone_id,
    title as milestone_title,
    description,
    state as milestone_state,
    coalesce(project_id, group_id) as owner_id,
    start_date,
    due_date,
    updated as updated_at
from exported
where recency = 1
