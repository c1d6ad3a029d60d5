-- An iteration closed after as_of is not closed yet: it runs, or is still to begin.
with refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

)

select
    iterations.source_id || ':' || iterations.iteration_id as iteration_id,
    iterations.source_id,
    iterations.iteration_id as native_id,
    iterations.iteration_name,
    iterations.iteration_path,
    iterations.goal as iteration_goal,
    case
        when iterations.state in ('active', 'closed') and iterations.started_at > refresh.as_of then 'future'
        when iterations.state = 'closed' and iterations.completed_at > refresh.as_of then 'active'
        else iterations.state
    end as iteration_state,
    iterations.started_at,
    iterations.planned_end_at,
    case when iterations.completed_at <= refresh.as_of then iterations.completed_at end as completed_at,
    iterations.board_id
from {{ ref('int_exported_iterations_unioned') }} as iterations
cross join refresh
