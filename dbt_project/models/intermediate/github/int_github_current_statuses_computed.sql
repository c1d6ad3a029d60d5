{{ config(materialized='view') }}
-- One row per issue: the status that its newest export shows. One that was closed only by being converted to a
-- discussion did not reach an end of its workflow.
with events as (

    select * from {{ ref('int_github_status_events_listed') }}

),

items as (

    select
        issues.work_item_id,
        issues.state = 'closed'
        and (coalesce(removals.removal, '') <> 'converted' or closings.work_item_id is not null) as is_closed,
        issues.labels
    from {{ ref('stg_github__issues') }} as issues
    left join {{ ref('int_github_removals_detected') }} as removals on issues.work_item_id = removals.work_item_id
    left join (
        select
            work_item_id,
            action,
            row_number() over (
                partition by work_item_id
                order by event_at desc, event_number desc nulls last, event_key desc
            ) as recency
        from events
        where action in ('closed', 'reopened')
    ) as closings
        on issues.work_item_id = closings.work_item_id
        and closings.recency = 1
        and closings.action = 'closed'
    where not issues.is_pull_request

),

borne as (

    select
        work_item_id,
        {{ lines_of('labels') }} as label
    from items

),

labels_now as (

    select distinct
        borne.work_item_id,
        borne.label
    from borne
    inner join events
        on borne.work_item_id = events.work_item_id
        and borne.label = events.label
        and events.scope is null

    union all

    -- Of a project the newest value is the last one told.
    select
        work_item_id,
        label
    from (
        select
            work_item_id,
            label,
            action,
            row_number() over (
                partition by work_item_id
                order by event_at desc nulls last, event_number desc nulls last, event_key desc
            ) as recency
        from events
        where scope = 'project'
    ) as project_events
    where recency = 1
        and action <> 'removed'

),

current_statuses as (
    {{ status_now_by_labels('items', 'labels_now', 'events') }}
)

select *
from current_statuses
