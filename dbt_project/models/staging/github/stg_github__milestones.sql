-- Milestones as iterations; GitHub gives them a due date but no start.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, milestone_id order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_github', 'milestones') }}

)

select
    source_id,
    milestone_id as iteration_id,
    title as iteration_name,
    repository || '/' || title as iteration_path,
    nullif(description, '') as goal,
    case state when 'closed' then 'closed' else 'active' end as state,
    cast(null as timestamptz) as started_at,
    due as planned_end_at,
    closed as completed_at,
    cast(null as varchar) as board_id
from ranked
where recency = 1
