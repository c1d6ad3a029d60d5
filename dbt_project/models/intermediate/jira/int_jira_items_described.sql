{{ config(materialized='view') }}
-- Jira's issues in the vocabulary of all tools. Jira does not tell the status an issue was created in.
-- A CSV names a status without its category: then the instance's list of statuses tells it, then the resolution (a
-- resolved issue is done), then the portfolio, where its workflows agree on the status.
with issues as (

    select * from {{ ref('stg_jira__issues') }}

),

listed_statuses as (

    select
        source_id,
        lower(status_name) as status,
        case when min(status_category) = max(status_category) then min(status_category) end as status_category
    from {{ ref('stg_jira__statuses') }}
    group by source_id, lower(status_name)

),

mapped_statuses as (

    select
        lower(trim(stage_statuses.status)) as status,
        case when min(stages.stage_kind) = max(stages.stage_kind) then min(stages.stage_kind) end as stage_kind
    from {{ ref('stg_portfolio__stage_statuses') }} as stage_statuses
    inner join {{ ref('stg_portfolio__stages') }} as stages on stage_statuses.stage_id = stages.stage_id
    group by lower(trim(stage_statuses.status))

),

current_sprints as (

    select * from {{ ref('int_jira_current_sprints_picked') }}

)

select
    issues.work_item_id,
    issues.source_id,
    issues.native_id,
    issues.item_key,
    issues.project,
    issues.item_type,
    issues.is_subtask,
    issues.title,
    issues.status_id,
    issues.status_name,
    coalesce(
        {{ jira_status_kind('issues.status_category') }},
        {{ jira_status_kind('listed_statuses.status_category') }},
        case when issues.resolved_at is not null then 'done' end,
        mapped_statuses.stage_kind
    ) as status_kind,
    cast(null as varchar) as initial_status,
    issues.resolution,
    issues.priority,
    issues.labels,
    issues.components,
    issues.team_value,
    issues.flag_value,
    issues.blocked_reason,
    issues.estimate,
    issues.parent_ref,
    current_sprints.iteration_ref,
    issues.fix_versions,
    issues.affected_versions,
    issues.created_at,
    issues.updated_at,
    issues.resolved_at,
    issues.n_histories_announced,
    issues.has_changelog,
    issues.archived_at as removed_at,
    case when issues.is_archived then 'archived' end as removal,
    issues.web_url
from issues
left join listed_statuses
    on issues.source_id = listed_statuses.source_id
    and lower(issues.status_name) = listed_statuses.status
left join mapped_statuses on lower(trim(issues.status_name)) = mapped_statuses.status
left join current_sprints on issues.work_item_id = current_sprints.work_item_id
