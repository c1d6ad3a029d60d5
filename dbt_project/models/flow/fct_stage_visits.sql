{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_touched('quality.touched_with_links') }}"
) }}
with visits as (

    select *
    from {{ ref('int_stage_visits_folded') }}
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

-- A finished item does not stay anywhere: its visits after the end last no time.
closed as (

    select
        visits.*,
        value_streams.timezone,
        hours.location_id,
        hours.timezone as location_timezone,
        hours.day_start_hour,
        histories.is_history_truncated,
        histories.is_history_broken,
        clocks.ended_at,
        case when visits.is_after_end then visits.entered_at else visits.left_at end as exited_at,
        case
            when visits.is_after_end then visits.entered_at
            else coalesce(visits.left_at, refresh.as_of)
        end as measured_to_at,
        refresh.as_of
    from visits
    inner join clocks on visits.work_item_id = clocks.work_item_id
    inner join histories on visits.work_item_id = histories.work_item_id
    inner join value_streams on visits.value_stream_id = value_streams.value_stream_id
    inner join teams on visits.team_id = teams.team_id
    inner join hours on teams.location_id = hours.location_id
    cross join refresh

),

zoned as (

    select
        *,
        {{ local_time('entered_at', 'timezone') }} as entered_local,
        {{ local_time('measured_to_at', 'timezone') }} as measured_to_local
    from closed

),

-- Working hours are those of the team's location, on the clock there.
localised as (

    select
        *,
        {{ location_time('entered_local', 'entered_at', 'location_timezone') }} as entered_there,
        {{ location_time('measured_to_local', 'measured_to_at', 'location_timezone') }} as measured_to_there
    from zoned

)

select
    localised.work_item_id || '#' || cast(localised.visit_sequence as varchar) as stage_visit_id,
    localised.work_item_id,
    localised.source_id,
    localised.value_stream_id,
    localised.train_id,
    localised.team_id,
    localised.level,
    localised.work_type,
    localised.stage_id,
    localised.stage_kind,
    localised.stage_position,
    localised.visit_sequence,
    localised.visit_number,
    localised.status_at_entry,
    localised.entered_at,
    localised.exited_at,
    cast(localised.entered_local as date) as entered_date,
    case when localised.exited_at is not null then cast(localised.measured_to_local as date) end as exited_date,
    localised.next_stage_id,
    localised.exited_at is null as is_open,
    localised.is_end as is_finishing,
    localised.is_after_end,
    localised.is_backward,
    localised.is_left_backward,
    localised.is_rework,
    localised.is_reopening,
    localised.n_stages_skipped,
    not localised.is_history_truncated and not localised.is_history_broken as has_usable_history,
    {{ elapsed_days('localised.entered_at', 'localised.measured_to_at') }} as elapsed_days,
    {{ working_hours_at('exit_days', 'localised.measured_to_there', 'localised') }}
    - {{ working_hours_at('entry_days', 'localised.entered_there', 'localised') }} as working_hours,
    coalesce(blocked.blocked_seconds, 0) / 86400.0 as blocked_elapsed_days
from localised
left join working_days as entry_days
    on localised.location_id = entry_days.location_id
    and cast(localised.entered_there as date) = entry_days.calendar_date
left join working_days as exit_days
    on localised.location_id = exit_days.location_id
    and cast(localised.measured_to_there as date) = exit_days.calendar_date
left join {{ ref('int_visit_blocked_times_summed') }} as blocked
    on localised.work_item_id = blocked.work_item_id
    and localised.visit_sequence = blocked.visit_sequence
