select
    source_id || ':' || iteration_id as iteration_id,
    source_id,
    iteration_id as native_id,
    iteration_name,
    iteration_path,
    goal as iteration_goal,
    state as iteration_state,
    started_at,
    planned_end_at,
    completed_at,
    board_id
from {{ ref('int_exported_iterations_unioned') }}
