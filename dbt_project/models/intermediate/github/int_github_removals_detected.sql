{{ config(materialized='view') }}
-- One row per issue that is an item no longer: converted to a discussion, which closes it without an event, or
-- transferred to another repository, where it goes on under a new id (`continued_as`, where that one is known: the two
-- are one issue then).
-- The event of a transfer may stand in the old history or in the new one. The old issue is the one that was never
-- exported after it, or the one of another repository that was created in the same second under the same title.
with issues as (

    select * from {{ ref('stg_github__issues') }}
    where not is_pull_request

),

events as (

    select * from {{ ref('int_github_events_identified') }}
    where event in ('converted_to_discussion', 'transferred')

),

removed as (

    select
        work_item_id,
        created_at as removed_at,
        'converted' as removal,
        cast(null as varchar) as continued_as
    from events
    where event = 'converted_to_discussion'

    union all

    select
        issues.work_item_id,
        events.created_at as removed_at,
        'moved' as removal,
        cast(null as varchar) as continued_as
    from events
    inner join issues on events.work_item_id = issues.work_item_id
    where events.event = 'transferred'
        and events.from_value is null
        and issues.updated_at < events.created_at

    union all

    select
        before.work_item_id,
        events.created_at as removed_at,
        'moved' as removal,
        after.work_item_id as continued_as
    from events
    inner join issues as after on events.work_item_id = after.work_item_id
    inner join issues as before
        on after.source_id = before.source_id
        and after.created_at = before.created_at
        and after.title = before.title
        and after.repository <> before.repository
        and before.updated_at <= events.created_at
        and (events.from_value is null or events.from_value = before.repository)
    where events.event = 'transferred'
        and after.updated_at >= events.created_at

),

ranked as (

    select
        *,
        row_number() over (
            partition by work_item_id order by removed_at desc, removal, continued_as nulls last
        ) as recency
    from removed

)

select
    work_item_id,
    removed_at,
    removal,
    continued_as
from ranked
where recency = 1
