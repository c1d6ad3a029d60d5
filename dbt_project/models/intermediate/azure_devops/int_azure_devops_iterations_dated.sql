{{ config(materialized='view') }}
-- Iterations in the vocabulary of all tools. An iteration ends by its date, nobody closes it; its last day belongs to
-- it. Only where it has no dates the tool's own word of the day of the export counts.
with refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

iterations as (

    select
        *,
        last_day_at + interval 1 day as planned_end_at
    from {{ ref('stg_azure_devops__iterations') }}

)

select
    iterations.source_id,
    iterations.iteration_id,
    iterations.iteration_name,
    iterations.iteration_path,
    cast(null as varchar) as goal,
    case
        when iterations.planned_end_at <= refresh.as_of then 'closed'
        when iterations.started_at <= refresh.as_of then 'active'
        when iterations.started_at > refresh.as_of then 'future'
        when iterations.time_frame = 'past' then 'closed'
        when iterations.time_frame = 'current' then 'active'
        when iterations.time_frame = 'future' then 'future'
    end as state,
    iterations.started_at,
    iterations.planned_end_at,
    case when iterations.planned_end_at <= refresh.as_of then iterations.planned_end_at end as completed_at,
    iterations.team_id as board_id
from iterations
cross join refresh
