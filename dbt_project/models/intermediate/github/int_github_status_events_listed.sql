{{ config(materialized='view') }}
-- One row per event that may change an issue's status, as `status_changes_by_labels` takes it: closing and reopening;
-- where the portfolio says so, labels that are a status, or the issue's status in a project.
--
-- The status in a project comes from its timeline where GraphQL was asked for it; the first change tells the status of
-- before the history begins. Else it is known by what the project held at each export: a change is dated by the value's
-- own `updatedAt`, and without that by the export that first shows it (`is_inferred`).
-- An issue that is closed without an event that says so was closed at its `closed_at`, if its events were exported.
with issues as (

    select
        issues.*,
        sources.statuses_from,
        sources.status_labels
    from {{ ref('stg_github__issues') }} as issues
    left join {{ ref('stg_portfolio__sources') }} as sources on issues.source_id = sources.source_id
    where not issues.is_pull_request

),

events as (

    select * from {{ ref('int_github_events_identified') }}

),

state_events as (

    select
        work_item_id,
        created_at,
        event_number,
        event_key,
        event
    from events
    where event in ('closed', 'reopened')

),

last_state_events as (

    select
        work_item_id,
        event,
        created_at,
        row_number() over (
            partition by work_item_id order by created_at desc, event_number desc nulls last, event_key desc
        ) as recency
    from state_events

),

repositories_with_events as (

    select distinct
        source_id,
        repository
    from {{ ref('stg_github__issue_events') }}

),

status_labels as (

    select distinct
        labels.source_id,
        labels.label
    from (
        select distinct
            source_id,
            label
        from {{ ref('int_github_label_events_listed') }}
    ) as labels
    inner join {{ ref('stg_portfolio__sources') }} as sources
        on labels.source_id = sources.source_id
        and sources.statuses_from = 'labels'
    where {{ matches_a_pattern('labels.label', 'sources.status_labels') }}

),

first_project_events as (

    select
        *,
        row_number() over (
            partition by work_item_id order by created_at, event_number nulls last, event_key
        ) as place
    from events
    where event = 'project_v2_item_status_changed'

),

project_events as (

    select
        source_id,
        work_item_id,
        cast(null as timestamptz) as event_at,
        cast(null as bigint) as event_number,
        cast(null as varchar) as event_key,
        'present' as action,
        from_value as label,
        true as is_inferred
    from first_project_events
    where place = 1
        and from_value is not null

    union all

    select
        events.source_id,
        events.work_item_id,
        events.created_at as event_at,
        events.event_number,
        events.event_key,
        case when events.to_value is null then 'removed' else 'added' end as action,
        coalesce(events.to_value, events.from_value) as label,
        false as is_inferred
    from events
    where events.event = 'project_v2_item_status_changed'

    union all

    select
        held.source_id,
        held.work_item_id,
        case
            when held.place > 1 or held.updated_at is not null
                then least(coalesce(held.updated_at, held.exported_at), held.exported_at)
        end as event_at,
        cast(null as bigint) as event_number,
        'project ' || held.project_item_id || ' at ' || cast(held.exported_at as varchar) as event_key,
        case
            when held.value is null then 'removed'
            when held.place = 1 and held.updated_at is null then 'present'
            else 'added'
        end as action,
        coalesce(held.value, held.previous_value) as label,
        true as is_inferred
    from {{ ref('int_github_project_values_kept') }} as held
    left join (
        select distinct work_item_id
        from events
        where event = 'project_v2_item_status_changed'
    ) as told on held.work_item_id = told.work_item_id
    where held.field_name = 'status'
        and told.work_item_id is null
        and (held.place = 1 or held.value is distinct from held.previous_value)
        and coalesce(held.value, held.previous_value) is not null

)

select
    issues.source_id,
    issues.work_item_id,
    state_events.created_at as event_at,
    state_events.event_number,
    cast(null as bigint) as event_position,
    state_events.event_key,
    state_events.event as action,
    cast(null as varchar) as label,
    cast(null as varchar) as scope,
    false as is_inferred
from state_events
inner join issues on state_events.work_item_id = issues.work_item_id

union all

select
    issues.source_id,
    issues.work_item_id,
    issues.closed_at as event_at,
    cast(null as bigint) as event_number,
    cast(null as bigint) as event_position,
    'closed_at' as event_key,
    'closed' as action,
    cast(null as varchar) as label,
    cast(null as varchar) as scope,
    true as is_inferred
from issues
inner join repositories_with_events
    on issues.source_id = repositories_with_events.source_id
    and issues.repository = repositories_with_events.repository
left join last_state_events
    on issues.work_item_id = last_state_events.work_item_id
    and last_state_events.recency = 1
left join {{ ref('int_github_removals_detected') }} as removals
    on issues.work_item_id = removals.work_item_id
    and removals.removal = 'converted'
where issues.state = 'closed'
    and removals.work_item_id is null
    and issues.closed_at is not null
    and (
        last_state_events.work_item_id is null
        or (last_state_events.event = 'reopened' and last_state_events.created_at <= issues.closed_at)
    )

union all

select
    labels.source_id,
    labels.work_item_id,
    labels.event_at,
    labels.event_number,
    labels.event_position,
    labels.event_key,
    labels.action,
    labels.label,
    cast(null as varchar) as scope,
    labels.action = 'present' as is_inferred
from {{ ref('int_github_label_events_listed') }} as labels
inner join status_labels
    on labels.source_id = status_labels.source_id
    and labels.label = status_labels.label

union all

select
    project_events.source_id,
    project_events.work_item_id,
    project_events.event_at,
    project_events.event_number,
    cast(null as bigint) as event_position,
    project_events.event_key,
    project_events.action,
    project_events.label,
    'project' as scope,
    project_events.is_inferred
from project_events
inner join issues
    on project_events.work_item_id = issues.work_item_id
    and issues.statuses_from = 'project'
