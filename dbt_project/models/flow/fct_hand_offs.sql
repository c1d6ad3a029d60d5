{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_touched('quality.touched_with_links') }}"
) }}
with hand_offs as (

    select *
    from {{ ref('int_hand_offs_detected') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_links') }}

),

items as (

    select * from {{ ref('int_items_unioned') }}

),

histories as (

    select * from {{ ref('int_item_histories_assessed') }}

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

working_days as (

    select * from {{ ref('stg_portfolio__working_days') }}

),

teams as (

    select
        team_id,
        location_id
    from {{ ref('stg_portfolio__teams') }}

),

hours as (

    select * from {{ ref('stg_portfolio__hours') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

-- Days and working hours are those of the side that takes the item; of the side that gave it while nobody has.
zoned as (

    select
        hand_offs.*,
        items.source_id,
        not histories.is_history_truncated and not histories.is_history_broken as has_usable_history,
        coalesce(hand_offs.taken_at, refresh.as_of) as waited_to_at,
        {{ local_time('hand_offs.handed_at', 'value_streams.timezone') }} as handed_local,
        {{ local_time('coalesce(hand_offs.taken_at, refresh.as_of)', 'value_streams.timezone') }} as waited_to_local,
        hours.location_id,
        hours.timezone as location_timezone,
        hours.day_start_hour
    from hand_offs
    inner join items on hand_offs.work_item_id = items.work_item_id
    inner join histories on hand_offs.work_item_id = histories.work_item_id
    inner join value_streams
        on coalesce(hand_offs.to_value_stream_id, hand_offs.from_value_stream_id) = value_streams.value_stream_id
    inner join teams on coalesce(hand_offs.to_team_id, hand_offs.from_team_id) = teams.team_id
    inner join hours on teams.location_id = hours.location_id
    cross join refresh

),

localised as (

    select
        *,
        {{ location_time('handed_local', 'handed_at', 'location_timezone') }} as handed_there,
        {{ location_time('waited_to_local', 'waited_to_at', 'location_timezone') }} as waited_to_there
    from zoned

)

select
    localised.work_item_id || '#' || cast(localised.segment_number as varchar) as hand_off_id,
    localised.work_item_id,
    localised.source_id,
    localised.level,
    localised.work_type,
    localised.boundary,
    localised.from_value_stream_id,
    localised.from_train_id,
    localised.from_team_id,
    localised.from_stage_id,
    localised.to_value_stream_id,
    localised.to_train_id,
    localised.to_team_id,
    localised.to_stage_id,
    localised.waits_in_stage_id,
    localised.handed_at,
    localised.taken_at,
    cast(localised.handed_local as date) as handed_date,
    case when not localised.is_open then cast(localised.waited_to_local as date) end as taken_date,
    localised.is_open,
    localised.is_return,
    localised.is_backward,
    localised.is_after_reopening,
    localised.has_usable_history,
    {{ elapsed_days('localised.handed_at', 'localised.waited_to_at') }} as wait_elapsed_days,
    {{ working_hours_at('taken_days', 'localised.waited_to_there', 'localised') }}
    - {{ working_hours_at('handed_days', 'localised.handed_there', 'localised') }} as wait_working_hours
from localised
left join working_days as handed_days
    on localised.location_id = handed_days.location_id
    and cast(localised.handed_there as date) = handed_days.calendar_date
left join working_days as taken_days
    on localised.location_id = taken_days.location_id
    and cast(localised.waited_to_there as date) = taken_days.calendar_date
