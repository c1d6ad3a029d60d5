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

{% set where_it_stood = [
    'value_stream_id', 'train_id', 'team_id', 'level', 'work_type', 'workflow_id', 'stage_id', 'stage_kind',
    'stage_position',
] %}
combinations as (
    {{ numbered_combinations('events', where_it_stood, 'placement_number') }}
),

placements as (

    select
        *,
        dense_rank() over (order by stage_id) as stage_number,
        dense_rank() over (order by team_id, level) as team_number,
        dense_rank() over (order by work_type) as work_type_number,
        stage_kind = 'done' as is_done_stage
    from combinations

),

numbered as (

    select
        events.work_item_id,
        events.event_number,
        events.event_at,
        events.removed_at,
        placements.placement_number,
        placements.stage_number,
        placements.team_number,
        placements.work_type_number,
        placements.is_done_stage
    from events
    inner join placements on {{ is_same_combination('events', 'placements', where_it_stood) }}

),

{% set life = 'partition by work_item_id order by event_number' %}
compared as (

    select
        work_item_id,
        event_number,
        event_at,
        removed_at,
        placement_number,
        is_done_stage,
        coalesce(stage_number = lag(stage_number) over ({{ life }}), false) as is_same_stage,
        coalesce(team_number = lag(team_number) over ({{ life }}), false) as is_same_team,
        coalesce(work_type_number = lag(work_type_number) over ({{ life }}), false) as is_same_work_type
    from numbered

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
        work_item_id,
        event_at,
        removed_at,
        placement_number,
        is_done_stage,
        is_same_stage,
        is_same_team,
        is_same_owner,
        row_number() over ({{ life }}) as segment_number,
        lag(event_at) over ({{ life }}) as previous_started_at,
        lag(is_done_stage) over ({{ life }}) as is_previous_done,
        lead(event_at) over ({{ life }}) as next_started_at,
        lead(is_done_stage) over ({{ life }}) as is_next_done,
        lead(is_same_owner) over ({{ life }}) as is_next_of_same_owner
    from first_rows

),

ended as (

    select
        *,
        coalesce(
            next_started_at,
            case when not is_done_stage and removed_at is not null then greatest(event_at, removed_at) end
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
    placements.value_stream_id,
    placements.train_id,
    placements.team_id,
    placements.level,
    placements.work_type,
    placements.workflow_id,
    placements.stage_id,
    placements.stage_kind,
    placements.stage_position,
    ended.previous_started_at,
    -- Nothing moved: the item became work of another type where it was.
    ended.is_same_stage and ended.is_same_team as is_retyped,
    not ended.is_same_owner or coalesce(ended.is_previous_done, true) as is_first_of_stay,
    not coalesce(ended.is_next_of_same_owner, false) or coalesce(ended.is_next_done, false) as is_last_of_stay
from ended
inner join placements on ended.placement_number = placements.placement_number
inner join value_streams on placements.value_stream_id = value_streams.value_stream_id
