{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_touched('quality.touched_with_links') }}"
) }}
-- Runs of segments outside the done stages from the commitment on, back in the backlog included, cut where team, level
-- or work type change. What begins and what ends a stay is known in each segment, so only these rows are looked at.
with segments as (

    select *
    from {{ ref('int_stage_segments_folded') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_links') }}

),

clocks as (

    select * from {{ ref('int_item_clocks_computed') }}

),

histories as (

    select * from {{ ref('int_item_histories_assessed') }}

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

started as (

    select
        segments.*,
        clocks.started_at as clock_started_at,
        segments.is_first_of_stay
        or coalesce(segments.previous_started_at < clocks.started_at, true) as is_first_of_spell
    from segments
    inner join clocks on segments.work_item_id = clocks.work_item_id
    where segments.stage_kind <> 'done'
        and segments.started_at >= clocks.started_at

),

paired as (

    select
        *,
        case
            when is_last_of_stay then ended_at
            else lead(ended_at) over (partition by work_item_id order by segment_number)
        end as left_at,
        case
            when is_last_of_stay then ended_date
            else lead(ended_date) over (partition by work_item_id order by segment_number)
        end as left_date
    from started
    where is_first_of_spell
        or is_last_of_stay

),

numbered as (

    select
        *,
        cast(row_number() over (partition by work_item_id order by segment_number) as integer) as spell_number,
        -- Of several spells in one moment the last is what the item was started as: a tool that moves and re-types it
        -- in one second leaves spells of no length, the first of which may be of before the start.
        started_at = clock_started_at
        and coalesce(lead(started_at) over (partition by work_item_id order by segment_number) > started_at, true)
            as is_start
    from paired
    where is_first_of_spell

)

select
    numbered.work_item_id || '#' || cast(numbered.spell_number as varchar) as wip_spell_id,
    numbered.work_item_id,
    numbered.value_stream_id,
    numbered.train_id,
    numbered.team_id,
    numbered.level,
    numbered.work_type,
    numbered.spell_number,
    numbered.is_start,
    numbered.started_at as entered_at,
    numbered.left_at,
    numbered.started_date as entered_date,
    numbered.left_date,
    {{ local_date('numbered.clock_started_at', 'value_streams.timezone') }} as started_date,
    numbered.left_at is null as is_open,
    not histories.is_history_truncated and not histories.is_history_broken as has_usable_history,
    {{ elapsed_days('numbered.started_at', 'coalesce(numbered.left_at, refresh.as_of)') }} as elapsed_days
from numbered
inner join histories on numbered.work_item_id = histories.work_item_id
inner join value_streams on numbered.value_stream_id = value_streams.value_stream_id
cross join refresh
