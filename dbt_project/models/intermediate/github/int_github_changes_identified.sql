{{ config(materialized='view') }}
-- One row per issue, event and changed attribute, in the vocabulary of changes.
-- A closing changes the resolution with the status: the last one to what the issue says today, because events of old
-- tell no reason.
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
