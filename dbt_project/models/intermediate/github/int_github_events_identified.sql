{{ config(materialized='view') }}
-- One row per event of an issue, with the item it belongs to. The events API and GraphQL tell the same event under
-- different ids: GraphQL's is left out where the other is there.
with events as (

    select * from {{ ref('stg_github__issue_events') }}

),

issues as (

    select
        source_id,
        work_item_id,
        repository,
        number
    from {{ ref('stg_github__issues') }}
    where not is_pull_request

),

identified as (

    select
        issues.work_item_id,
        events.*,
        max(events.event_number) over (
            partition by issues.work_item_id, events.event, events.created_at, events.label, events.milestone
        ) as number_of_the_same
    from events
    inner join issues
        on events.source_id = issues.source_id
        and events.repository = issues.repository
        and events.number = issues.number

)

select *
from identified
-- REST's timeline tells that a status in a project changed, not to what: there GraphQL's is the one to keep.
where (event = 'project_v2_item_status_changed' and coalesce(from_value, to_value) is not null)
    or (
        event <> 'project_v2_item_status_changed'
        and (event_number is not null or number_of_the_same is null)
    )
