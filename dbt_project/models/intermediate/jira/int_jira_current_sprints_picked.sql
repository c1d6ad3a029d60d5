{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched() }}"
) }}
-- One row per issue that was ever in a sprint: the one it is in today. That is the sprint that runs, else the one to
-- come, else the last one it was in. A table, because to rank the sprints of all issues costs a night more than the
-- issues that changed.
with issues as (

    select *
    from {{ ref('stg_jira__issues') }}
    where {{ is_touched('work_item_id') }}

),

iterations as (

    select * from {{ ref('int_jira_iterations_listed') }}

),

iterations_by_name as (

    select
        source_id,
        lower(iteration_name) as sprint,
        min(iteration_id) as iteration_id
    from iterations
    group by source_id, lower(iteration_name)

),

-- A CSV names the sprint only.
issue_sprints as (

    select
        issues.work_item_id,
        issues.source_id,
        coalesce(sprints.sprint_id, iterations_by_name.iteration_id, sprints.sprint_name) as iteration_ref
    from {{ ref('stg_jira__issue_sprints') }} as sprints
    inner join issues
        on sprints.source_id = issues.source_id
        and sprints.issue_id = issues.native_id
        and sprints.export_file = issues.export_file
    left join iterations_by_name
        on sprints.source_id = iterations_by_name.source_id
        and lower(sprints.sprint_name) = iterations_by_name.sprint

),

ranked as (

    select
        issue_sprints.work_item_id,
        issue_sprints.iteration_ref,
        row_number() over (
            partition by issue_sprints.work_item_id
            order by
                case iterations.state when 'active' then 1 when 'future' then 2 when 'closed' then 3 else 4 end,
                iterations.started_at desc nulls last,
                issue_sprints.iteration_ref desc
        ) as preference
    from issue_sprints
    left join iterations
        on issue_sprints.source_id = iterations.source_id
        and issue_sprints.iteration_ref = iterations.iteration_id

)

select
    work_item_id,
    iteration_ref
from ranked
where preference = 1
