-- Each export shows the sprints that an issue was in until then; which export is the issue's newest, its own row tells.
select distinct
    source_id,
    issue_id,
    export_file,
    exported_at,
    sprint_id,
    sprint_name,
    state as sprint_state,
    board_id,
    goal as sprint_goal,
    started as started_at,
    planned_end as planned_end_at,
    completed as completed_at
from {{ source('raw_jira', 'issue_sprints') }}
