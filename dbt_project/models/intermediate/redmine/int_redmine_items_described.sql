{{ config(materialized='view') }}
-- Redmine's issues in the vocabulary of all tools. A reopened issue keeps the day on which it was closed before: it is
-- resolved only while its status is a closed one. Redmine does not tell the status an issue was created in.
with issues as (

    select * from {{ ref('stg_redmine__issues') }}

),

statuses as (

    select * from {{ ref('int_redmine_statuses_listed') }}

)

select
    issues.work_item_id,
    issues.source_id,
    issues.issue_id as native_id,
    '#' || issues.issue_id as item_key,
    issues.project_name as project,
    issues.tracker_name as item_type,
    false as is_subtask,
    issues.subject as title,
    issues.status_id,
    issues.status_name,
    statuses.status_kind,
    cast(null as varchar) as initial_status,
    cast(null as varchar) as resolution,
    issues.priority_name as priority,
    cast(null as varchar) as labels,
    {{ list_of_known(['issues.category_name']) }} as components,
    issues.team_value,
    issues.flag_value,
    issues.blocked_reason,
    issues.estimate,
    issues.parent_ref,
    issues.iteration_ref,
    {{ list_of_known(['issues.version_name']) }} as fix_versions,
    cast(null as varchar[]) as affected_versions,
    issues.created_at,
    issues.updated_at,
    case when statuses.status_kind = 'done' then issues.closed_at end as resolved_at,
    cast(null as bigint) as n_histories_announced,
    issues.has_journals as has_changelog,
    cast(null as timestamptz) as removed_at,
    cast(null as varchar) as removal,
    cast(null as varchar) as web_url
from issues
left join statuses
    on issues.source_id = statuses.source_id
    and issues.status_id = statuses.status_id
