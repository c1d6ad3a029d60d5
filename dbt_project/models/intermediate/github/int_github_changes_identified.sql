{{ config(materialized='view') }}
-- One row per issue, event and changed attribute, in the vocabulary of changes.
-- A closing changes the resolution with the status: the last one to what the issue says today, because events of old
-- tell no reason.
-- Mapped fields of a project changed between two exports, at the value's own `updatedAt` where it is told. What a field
-- held at its first export without such a date says nothing of a change. An issue without a history does not get one by
-- this alone.
with statuses as (

    select * from {{ ref('int_github_statuses_computed') }}
    where status_from is not null

),

issues as (

    select * from {{ ref('stg_github__issues') }}
    where not is_pull_request

),

events as (

    select * from {{ ref('int_github_events_identified') }}

),

label_events as (

    select * from {{ ref('int_github_label_events_listed') }}

),

label_sets as (
    {{ label_sets_by_events('label_events') }}
),

project_changes as (

    select
        held.work_item_id,
        'project ' || held.project_item_id || ' ' || held.field_name || ' at ' || cast(held.exported_at as varchar)
            as event_key,
        case
            when held.value is null then held.exported_at
            else least(coalesce(held.updated_at, held.exported_at), held.exported_at)
        end as event_at,
        case roles.field_role when 'sprint' then 'iteration' else roles.field_role end as attribute,
        held.previous_value as from_value,
        held.value as to_value
    from {{ ref('int_github_project_values_kept') }} as held
    inner join {{ ref('stg_portfolio__field_roles') }} as roles
        on held.source_id = roles.source_id
        and held.field_name = lower(roles.field_id)
    inner join {{ ref('int_github_items_described') }} as items on held.work_item_id = items.work_item_id
    left join (
        select distinct work_item_id
        from statuses
    ) as moved on held.work_item_id = moved.work_item_id
    where roles.field_role in ('team', 'flagged', 'blocked_reason', 'estimate', 'sprint')
        and held.value is distinct from held.previous_value
        and (held.place > 1 or held.updated_at is not null)
        and (items.has_changelog or moved.work_item_id is not null)

),

closings as (

    select
        state_events.work_item_id,
        state_events.event_key,
        state_events.event_number,
        state_events.event_at,
        state_events.action,
        events.state_reason,
        row_number() over (
            partition by state_events.work_item_id, state_events.action
            order by state_events.event_at desc, state_events.event_number desc nulls last, state_events.event_key desc
        ) as recency
    from {{ ref('int_github_status_events_listed') }} as state_events
    left join events
        on state_events.work_item_id = events.work_item_id
        and state_events.event_key = events.event_key
    where state_events.action in ('closed', 'reopened')

)

select
    work_item_id,
    event_key as history_key,
    event_number as history_number,
    cast(null as bigint) as history_position,
    cast(1 as bigint) as item_position,
    event_at as changed_at,
    'status' as attribute,
    cast(null as varchar) as from_id,
    status_from as from_value,
    cast(null as varchar) as to_id,
    status_to as to_value
from statuses

union all

select
    closings.work_item_id,
    closings.event_key as history_key,
    closings.event_number as history_number,
    cast(null as bigint) as history_position,
    cast(2 as bigint) as item_position,
    closings.event_at as changed_at,
    'resolution' as attribute,
    cast(null as varchar) as from_id,
    cast(null as varchar) as from_value,
    cast(null as varchar) as to_id,
    case
        when closings.action = 'closed'
            then coalesce(
                closings.state_reason,
                case when closings.recency = 1 and issues.state = 'closed' then issues.state_reason end,
                'completed'
            )
    end as to_value
from closings
inner join issues on closings.work_item_id = issues.work_item_id

union all

select
    work_item_id,
    event_key as history_key,
    event_number as history_number,
    cast(null as bigint) as history_position,
    cast(3 as bigint) as item_position,
    event_at as changed_at,
    'labels' as attribute,
    cast(null as varchar) as from_id,
    labels_from as from_value,
    cast(null as varchar) as to_id,
    labels_to as to_value
from label_sets

union all

select
    work_item_id,
    event_key as history_key,
    event_number as history_number,
    cast(null as bigint) as history_position,
    cast(1 as bigint) as item_position,
    created_at as changed_at,
    case
        when event in ('issue_type_added', 'issue_type_changed', 'issue_type_removed') then 'type'
        when event in ('milestoned', 'demilestoned') then 'iteration'
        else 'parent'
    end as attribute,
    cast(null as varchar) as from_id,
    case event
        when 'issue_type_added' then coalesce(from_value, 'Issue')
        when 'issue_type_changed' then from_value
        when 'issue_type_removed' then coalesce(from_value, to_value)
        when 'demilestoned' then milestone
        when 'parent_issue_removed' then other_ref
    end as from_value,
    cast(null as varchar) as to_id,
    case event
        when 'issue_type_added' then to_value
        when 'issue_type_changed' then to_value
        when 'issue_type_removed' then 'Issue'
        when 'milestoned' then milestone
        when 'parent_issue_added' then other_ref
    end as to_value
from events
where event in (
        'issue_type_added', 'issue_type_changed', 'issue_type_removed', 'milestoned', 'demilestoned',
        'parent_issue_added', 'parent_issue_removed'
    )
    -- Events of old name no type.
    and (event not like 'issue_type%' or coalesce(from_value, to_value) is not null)

union all

select
    work_item_id,
    event_key as history_key,
    cast(null as bigint) as history_number,
    cast(null as bigint) as history_position,
    cast(1 as bigint) as item_position,
    event_at as changed_at,
    attribute,
    cast(null as varchar) as from_id,
    from_value,
    cast(null as varchar) as to_id,
    to_value
from project_changes

union all

-- A transferred issue bore the key of the repository that it came from.
select
    removals.continued_as as work_item_id,
    'transferred from ' || removals.work_item_id as history_key,
    cast(null as bigint) as history_number,
    cast(null as bigint) as history_position,
    cast(1 as bigint) as item_position,
    removals.removed_at as changed_at,
    'key' as attribute,
    cast(null as varchar) as from_id,
    before.item_key as from_value,
    cast(null as varchar) as to_id,
    after.item_key as to_value
from {{ ref('int_github_removals_detected') }} as removals
inner join issues as before on removals.work_item_id = before.work_item_id
inner join issues as after on removals.continued_as = after.work_item_id
