-- One row per item and maximal span in one stage, team and level: what the day tables count. An item removed from its
-- tool leaves the stage it was in, unless it was done.
with events as (

    select * from {{ ref('int_item_stages_mapped') }}

),

compared as (

    select
        *,
        case
            when stage_id = lag(stage_id) over (partition by work_item_id order by event_number)
                and team_id = lag(team_id) over (partition by work_item_id order by event_number)
                and level = lag(level) over (partition by work_item_id order by event_number)
                then 0
            else 1
        end as is_change
    from events

),

numbered as (

    select
        *,
        sum(is_change) over (
            partition by work_item_id order by event_number rows between unbounded preceding and current row
        ) as segment_number
    from compared

),

first_rows as (

    select *
    from numbered
    where is_change = 1

)

select
    work_item_id,
    cast(segment_number as integer) as segment_number,
    event_at as started_at,
    coalesce(
        lead(event_at) over (partition by work_item_id order by segment_number),
        case when stage_kind <> 'done' and removed_at is not null then greatest(event_at, removed_at) end
    ) as ended_at,
    value_stream_id,
    train_id,
    team_id,
    level,
    work_type,
    workflow_id,
    stage_id,
    stage_kind,
    stage_position
from first_rows
