{{ config(materialized='view') }}
-- One row per issue in the vocabulary of work items. A pull request is no item of work: it has facts of its own. An
-- issue that goes on in another repository is the issue there, with its creation and its history.
with issues as (

    select * from {{ ref('stg_github__issues') }}
    where not is_pull_request

),

roles as (

    select
        held.work_item_id,
        max(case when roles.field_role = 'team' then held.value end) as team_value,
        max(case when roles.field_role = 'flagged' then held.value end) as flag_value,
        max(case when roles.field_role = 'blocked_reason' then held.value end) as blocked_reason,
        max(case when roles.field_role = 'estimate' then try_cast(held.value as double) end) as estimate,
        max(case when roles.field_role = 'sprint' then held.value end) as iteration_ref
    from {{ ref('int_github_project_values_kept') }} as held
    inner join {{ ref('stg_portfolio__field_roles') }} as roles
        on held.source_id = roles.source_id
        and held.field_name = lower(roles.field_id)
    where held.recency = 1
    group by held.work_item_id

),

births as (

    select
        work_item_id,
        status_to as initial_status
    from {{ ref('int_github_statuses_computed') }}
    where status_from is null

),

-- Stages kept by state or label have a history if the events of the repository were exported; stages kept in a project
-- have one only if GraphQL told the changes.
repositories_with_events as (

    select distinct
        source_id,
        repository
    from {{ ref('stg_github__issue_events') }}

),

project_histories as (

    select distinct work_item_id
    from {{ ref('int_github_events_identified') }}
    where event = 'project_v2_item_status_changed'

),

-- Of an issue that is in no project, state tells all that there is.
project_items as (

    select distinct work_item_id
    from {{ ref('int_github_project_values_kept') }}

),

parents as (

    select
        source_id,
        issue_ref,
        min(place_ref) as parent_ref
    from {{ ref('stg_github__issue_relations') }}
    where relation = 'child'
    group by source_id, issue_ref

)

select
    issues.work_item_id,
    issues.source_id,
    issues.native_id,
    issues.item_key,
    issues.repository as project,
    coalesce(issues.issue_type, 'Issue') as item_type,
    false as is_subtask,
    issues.title,
    cast(null as varchar) as status_id,
    current_statuses.status_name,
    case current_statuses.status_name when 'closed' then 'done' when 'open' then 'queue' end as status_kind,
    births.initial_status,
    case when current_statuses.status_name = 'closed' then coalesce(issues.state_reason, 'completed') end as resolution,
    cast(null as varchar) as priority,
    issues.labels,
    cast(null as varchar[]) as components,
    roles.team_value,
    roles.flag_value,
    roles.blocked_reason,
    roles.estimate,
    coalesce(issues.parent_ref, parents.parent_ref) as parent_ref,
    coalesce(roles.iteration_ref, issues.milestone_id) as iteration_ref,
    cast(null as varchar[]) as fix_versions,
    cast(null as varchar[]) as affected_versions,
    issues.created_at,
    issues.updated_at,
    case when current_statuses.status_name = 'closed' then issues.closed_at end as resolved_at,
    cast(null as bigint) as n_histories_announced,
    repositories_with_events.repository is not null
    and (
        coalesce(sources.statuses_from, 'state') <> 'project'
        or project_items.work_item_id is null
        or project_histories.work_item_id is not null
    ) as has_changelog,
    removals.removed_at,
    removals.removal,
    issues.web_url
from issues
left join {{ ref('stg_portfolio__sources') }} as sources on issues.source_id = sources.source_id
left join roles on issues.work_item_id = roles.work_item_id
left join births on issues.work_item_id = births.work_item_id
left join project_histories on issues.work_item_id = project_histories.work_item_id
left join project_items on issues.work_item_id = project_items.work_item_id
left join {{ ref('int_github_current_statuses_computed') }} as current_statuses
    on issues.work_item_id = current_statuses.work_item_id
left join {{ ref('int_github_removals_detected') }} as removals on issues.work_item_id = removals.work_item_id
left join repositories_with_events
    on issues.source_id = repositories_with_events.source_id
    and issues.repository = repositories_with_events.repository
left join parents
    on issues.source_id = parents.source_id
    and issues.item_key = parents.issue_ref
where removals.continued_as is null
