{{ config(materialized='view') }}
-- One row per label added to or removed from an issue, and per label that an issue bears although no event of it is
-- known: that one was there from birth.
with issues as (

    select * from {{ ref('stg_github__issues') }}
    where not is_pull_request

),

events as (

    select * from {{ ref('int_github_events_identified') }}
    where event in ('labeled', 'unlabeled')
        and label is not null

),

borne as (

    select
        source_id,
        work_item_id,
        {{ lines_of('labels') }} as label
    from issues

)

select
    source_id,
    work_item_id,
    created_at as event_at,
    event_number,
    cast(null as bigint) as event_position,
    event_key,
    case event when 'labeled' then 'added' else 'removed' end as action,
    label
from events

union all

select
    borne.source_id,
    borne.work_item_id,
    cast(null as timestamptz) as event_at,
    cast(null as bigint) as event_number,
    cast(null as bigint) as event_position,
    cast(null as varchar) as event_key,
    'present' as action,
    borne.label
from borne
left join events
    on borne.work_item_id = events.work_item_id
    and borne.label = events.label
where events.work_item_id is null
    and borne.label <> ''
