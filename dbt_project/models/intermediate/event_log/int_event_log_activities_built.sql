{{ config(materialized='view') }}
-- One row per activity with its start and its end (NULL: still running). In XES the starts and completions of an
-- activity of an item pair in their order; a completion that no start precedes is an activity of unknown length,
-- entered and left at once. A log without any start has no activities: its completions are entries
-- (int_event_log_statuses_entered).
with events as (

    select * from {{ ref('stg_event_log__events') }}

),

steps as (

    select
        events.*,
        case when events.transition = 'start' then 1 else -1 end as step
    from events
    inner join (
        select distinct source_id
        from {{ ref('stg_event_log__events') }}
        where origin = 'lifecycle' and transition = 'start'
    ) as sources_with_starts
        on events.source_id = sources_with_starts.source_id
    where events.origin = 'lifecycle'
        and coalesce(events.transition, 'complete') in ('start', 'complete')

),

running as (

    select
        *,
        sum(step) over (
            partition by work_item_id, activity order by happened_at, event_position
            rows between unbounded preceding and current row
        ) as balance
    from steps

),

-- A completion has no start where there have never been fewer starts than completions by so many.
judged as (

    select
        *,
        step = -1 and balance < least(0, coalesce(
            min(balance) over (
                partition by work_item_id, activity order by happened_at, event_position
                rows between unbounded preceding and 1 preceding
            ), 0
        )) as is_alone
    from running

),

paired as (

    select
        *,
        row_number() over (
            partition by work_item_id, activity, step, is_alone order by happened_at, event_position
        ) as pair_number
    from judged

)

select
    source_id,
    work_item_id,
    activity,
    started_at,
    happened_at as ended_at,
    event_position
from events
where origin = 'activity'

union all

select
    starts.source_id,
    starts.work_item_id,
    starts.activity,
    starts.happened_at as started_at,
    completions.happened_at as ended_at,
    starts.event_position
from paired as starts
left join paired as completions
    on starts.work_item_id = completions.work_item_id
    and starts.activity = completions.activity
    and starts.pair_number = completions.pair_number
    and completions.step = -1
    and not completions.is_alone
where starts.step = 1

union all

select
    source_id,
    work_item_id,
    activity,
    happened_at as started_at,
    happened_at as ended_at,
    event_position
from paired
where is_alone
