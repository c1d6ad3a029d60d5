{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched('quality.touched_with_links') }}"
) }}
-- One row per item and maximal span in one stage, team, level and work type: what the day tables count. An item removed
-- from its tool leaves the stage it was in, unless it was done. Days are those of the value stream that the span is in.
--
-- A stay is a run of segments outside the done stages under one team, level and work type: work in progress is counted
-- by stays, so each segment says whether it begins or ends one.
with events as (

    select *
    from {{ ref('int_item_stages_mapped') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_links') }}

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

compared as (

    select
        *,
        coalesce(
            stage_id = lag(stage_id) over (partition by work_item_id order by event_number), false
        ) as is_same_stage,
        coalesce(
            team_id = lag(team_id) over (partition by work_item_id order by event_number)
            and level = lag(level) over (partition by work_item_id order by event_number),
            false
        ) as is_same_team,
        coalesce(
            work_type = lag(work_type) over (partition by work_item_id order by event_number), false
        ) as is_same_work_type
    from events

),

first_rows as (

    select
        *,
        is_same_team and is_same_work_type as is_same_owner
    from compared
    where not (is_same_stage and is_same_team and is_same_work_type)

),

sequenced as (

    select
        *,
        row_number() over (partition by work_item_id order by event_number) as segment_number,
        lag(event_at) over (partition by work_item_id order by event_number) as previous_started_at,
        lag(stage_kind) over (partition by work_item_id order by event_number) as previous_stage_kind,
        lead(event_at) over (partition by work_item_id order by event_number) as next_started_at,
        lead(stage_kind) over (partition by work_item_id order by event_number) as next_stage_kind,
        lead(is_same_owner) over (partition by work_item_id order by event_number) as is_next_of_same_owner
    from first_rows

),

ended as (

    select
        *,
        coalesce(
            next_started_at,
            case when stage_kind <> 'done' and removed_at is not null then greatest(event_at, removed_at) end
        ) as ended_at
    from sequenced

)

select
    ended.work_item_id,
    cast(ended.segment_number as integer) as segment_number,
    ended.event_at as started_at,
    ended.ended_at,
    {{ local_date('ended.event_at', 'value_streams.timezone') }} as started_date,
    {{ local_date('ended.ended_at', 'value_streams.timezone') }} as ended_date,
    ended.value_stream_id,
    ended.train_id,
    ended.team_id,
    ended.level,
    ended.work_type,
    ended.workflow_id,
    ended.stage_id,
    ended.stage_kind,
    ended.stage_position,
    ended.previous_started_at,
    -- Nothing moved: the item became work of another type where it was.
    ended.is_same_stage and ended.is_same_team as is_retyped,
    not ended.is_same_owner or coalesce(ended.previous_stage_kind = 'done', true) as is_first_of_stay,
    not coalesce(ended.is_next_of_same_owner, false) or ended.next_stage_kind = 'done' as is_last_of_stay
from ended
inner join value_streams on ended.value_stream_id = value_streams.value_stream_id
