with ranked as (

    select
        *,
        row_number() over (partition by source_id, sprint_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_jira', 'sprints') }}

)

select
    source_id,
    sprint_id,
    sprint_name,
    state as sprint_state,
    board_id,
    goal as sprint_goal,
    started as started_at,
    planned_end as planned_end_at,
    completed as completed_at
from ranked
where recency = 1
