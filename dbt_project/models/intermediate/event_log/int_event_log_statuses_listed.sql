{{ config(materialized='view') }}
-- The statuses of event logs with the kind that the log itself tells: activities are active, waiting is a queue; of the
-- stages of a dates-per-stage file the first is a queue and the last is done; an ended activity is done if it was the
-- last one of its item more often than not. Of a status that rows merely enter the log tells no kind.
with entered as (

    select * from {{ ref('int_event_log_statuses_entered') }}

),

followed as (

    select
        *,
        lead(status) over (partition by work_item_id order by entry_number) as next_status
    from entered

),

-- How often another activity came after an activity.
endings as (

    select
        source_id,
        status || ' (ended)' as status,
        count(case when next_status is not null and next_status <> status || ' (ended)' then 1 end) as n_followed,
        count(case when next_status = status || ' (ended)' then 1 end) as n_last
    from followed
    where status_origin = 'activity'
    group by source_id, status

),

listed as (

    select
        source_id,
        status,
        min(status_origin) as status_origin,
        min(stage_position) as stage_position,
        max(n_stages) as n_stages
    from entered
    group by source_id, status

)

select
    listed.source_id,
    cast(null as varchar) as status_id,
    listed.status as status_name,
    case
        when listed.status_origin = 'waiting' then 'queue'
        when listed.status_origin = 'activity' then 'active'
        when listed.status_origin = 'ended' and endings.n_last > endings.n_followed then 'done'
        when listed.status_origin = 'ended' then 'queue'
        when listed.stage_position = listed.n_stages then 'done'
        when listed.stage_position = 1 then 'queue'
        when listed.status_origin = 'stage' then 'active'
    end as status_kind
from listed
left join endings
    on listed.source_id = endings.source_id
    and listed.status = endings.status
