{{ config(materialized='view') }}
-- Jira's sprints in the vocabulary of all tools: as a board lists them, and those that only issues name.
with known as (

    select
        source_id,
        sprint_id,
        sprint_name,
        sprint_goal,
        sprint_state,
        started_at,
        planned_end_at,
        completed_at,
        board_id,
        1 as preference,
        cast(null as timestamptz) as exported_at
    from {{ ref('stg_jira__sprints') }}

    union all

    select
        source_id,
        sprint_id,
        sprint_name,
        sprint_goal,
        sprint_state,
        started_at,
        planned_end_at,
        completed_at,
        board_id,
        2 as preference,
        exported_at
    from {{ ref('stg_jira__issue_sprints') }}
    where sprint_id is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_id, sprint_id
            order by preference, exported_at desc nulls last, sprint_state, completed_at nulls last, sprint_name
        ) as recency
    from known

)

select
    source_id,
    sprint_id as iteration_id,
    sprint_name as iteration_name,
    cast(null as varchar) as iteration_path,
    nullif(sprint_goal, '') as goal,
    case when sprint_state in ('future', 'active', 'closed') then sprint_state end as state,
    started_at,
    planned_end_at,
    completed_at,
    board_id
from ranked
where recency = 1
