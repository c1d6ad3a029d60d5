-- One row per work item of every tool, in one vocabulary, as its newest export shows it. Items created after as_of are
-- not there yet. `initial_status` is the status an item is known to have been created in; Jira does not tell it.
with refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

jira as (

    select
        work_item_id,
        source_id,
        native_id,
        item_key,
        project,
        item_type,
        is_subtask,
        title,
        status_id,
        status_name,
        status_category,
        cast(null as varchar) as initial_status,
        resolution,
        priority,
        labels,
        components,
        team_value,
        flag_value,
        blocked_reason,
        estimate,
        parent_ref,
        created_at,
        updated_at,
        resolved_at,
        n_histories_announced,
        has_changelog
    from {{ ref('stg_jira__issues') }}

)

select jira.*
from jira
cross join refresh
where jira.created_at <= refresh.as_of
