{{ config(materialized='view') }}
-- GitLab's iterations and milestones in the vocabulary of all tools. They have days, not moments: they begin with their
-- first day and end with their last, in UTC. GitLab does not tell when a milestone was closed.
with iterations as (

    select * from {{ ref('stg_gitlab__iterations') }}

),

milestones as (

    select * from {{ ref('stg_gitlab__milestones') }}

),

refresh as (

    select * from {{ ref('stg_portfolio__refresh') }}

)

select
    iterations.source_id,
    'iteration-' || iterations.iteration_id as iteration_id,
    -- Iterations that a cadence makes have no title.
    coalesce(
        iterations.iteration_title,
        cast(iterations.start_date as varchar) || ' – ' || cast(iterations.due_date as varchar)
    ) as iteration_name,
    cast(null as varchar) as iteration_path,
    nullif(iterations.description, '') as goal,
    case iterations.iteration_state
        when '1' then 'future' when '2' then 'active' when '3' then 'closed'
        when 'upcoming' then 'future' when 'current' then 'active' when 'started' then 'active'
        when 'closed' then 'closed'
    end as state,
    {{ start_of_day('iterations.start_date', "'UTC'") }} as started_at,
    {{ start_of_day(plus_days('iterations.due_date', 1), "'UTC'") }} as planned_end_at,
    case when iterations.iteration_state in ('3', 'closed')
        then {{ start_of_day(plus_days('iterations.due_date', 1), "'UTC'") }}
    end as completed_at,
    iterations.group_id as board_id
from iterations

union all

select
    milestones.source_id,
    'milestone-' || milestones.milestone_id as iteration_id,
    milestones.milestone_title as iteration_name,
    cast(null as varchar) as iteration_path,
    nullif(milestones.description, '') as goal,
    case
        when milestones.milestone_state = 'closed' then 'closed'
        when {{ start_of_day('milestones.start_date', "'UTC'") }} > refresh.as_of then 'future'
        else 'active'
    end as state,
    {{ start_of_day('milestones.start_date', "'UTC'") }} as started_at,
    {{ start_of_day(plus_days('milestones.due_date', 1), "'UTC'") }} as planned_end_at,
    cast(null as timestamptz) as completed_at,
    milestones.owner_id as board_id
from milestones
cross join refresh
