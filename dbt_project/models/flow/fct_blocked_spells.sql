{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_touched('quality.touched_with_links') }}"
) }}
with spells as (

    select *
    from {{ ref('int_blocked_spells_detected') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_links') }}

),

visits as (

    select *
    from {{ ref('int_stage_visits_folded') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_links') }}

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

-- The visit the item was in when the spell opened; of visits entered in the same instant the last one.
opening_visits as (

    select
        spells.work_item_id,
        spells.blocked_kind,
        spells.started_at,
        max(visits.visit_sequence) as visit_sequence
    from spells
    inner join visits
        on spells.work_item_id = visits.work_item_id
        and visits.entered_at <= spells.started_at
    group by spells.work_item_id, spells.blocked_kind, spells.started_at

),

zoned as (

    select
        spells.*,
        visits.stage_id as stage_id_at_start,
        coalesce(spells.ended_at, refresh.as_of) as measured_to_at,
        {{ local_time('spells.started_at', 'value_streams.timezone') }} as started_local,
        {{ local_time('coalesce(spells.ended_at, refresh.as_of)', 'value_streams.timezone') }} as measured_to_local,
        hours.location_id,
        hours.timezone as location_timezone,
        hours.day_start_hour
    from spells
    inner join value_streams on spells.value_stream_id = value_streams.value_stream_id
    inner join teams on spells.team_id = teams.team_id
    inner join hours on teams.location_id = hours.location_id
    cross join refresh
    left join opening_visits
        on spells.work_item_id = opening_visits.work_item_id
        and spells.blocked_kind = opening_visits.blocked_kind
        and spells.started_at = opening_visits.started_at
    left join visits
        on opening_visits.work_item_id = visits.work_item_id
        and opening_visits.visit_sequence = visits.visit_sequence

),

-- Working hours are those of the team's location, on the clock there.
localised as (

    select
        *,
        {{ location_time('started_local', 'started_at', 'location_timezone') }} as started_there,
        {{ location_time('measured_to_local', 'measured_to_at', 'location_timezone') }} as measured_to_there
    from zoned

)

select
    localised.work_item_id || '#' || localised.blocked_kind || '#' || cast(
        row_number() over (
            partition by localised.work_item_id, localised.blocked_kind
            order by localised.started_at, localised.reason, localised.ended_at
        ) as varchar
    ) as blocked_spell_id,
    localised.work_item_id,
    localised.source_id,
    localised.value_stream_id,
    localised.team_id,
    localised.level,
    localised.blocked_kind,
    localised.reason,
    localised.stage_id_at_start,
    localised.started_at,
    localised.ended_at,
    localised.ended_at is null as is_open,
    {{ elapsed_days('localised.started_at', 'localised.measured_to_at') }} as elapsed_days,
    {{ working_hours_at('end_days', 'localised.measured_to_there', 'localised') }}
    - {{ working_hours_at('start_days', 'localised.started_there', 'localised') }} as working_hours,
    {{ working_hours_at('start_days', 'localised.started_there', 'localised') }} as working_hours_before
from localised
left join working_days as start_days
    on localised.location_id = start_days.location_id
    and cast(localised.started_there as date) = start_days.calendar_date
left join working_days as end_days
    on localised.location_id = end_days.location_id
    and cast(localised.measured_to_there as date) = end_days.calendar_date
