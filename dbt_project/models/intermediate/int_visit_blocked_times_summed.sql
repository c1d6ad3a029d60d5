{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched('quality.touched_with_links') }}"
) }}
-- Blocked seconds of each visit, and of it the part that lies within the item's flow window (start to finish).
with visits as (

    select *
    from {{ ref('int_stage_visits_folded') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_links') }}

),

intervals as (

    select *
    from {{ ref('int_blocked_intervals_merged') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_links') }}

),

clocks as (

    select * from {{ ref('int_item_clocks_computed') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

)

select
    visits.work_item_id,
    visits.visit_sequence,
    {{ sum_of_seconds(seconds_between(
        'greatest(visits.entered_at, intervals.started_at)',
        'least(coalesce(visits.left_at, refresh.as_of), intervals.ended_at)'
    )) }} as blocked_seconds,
    {{ sum_of_seconds(
        'case when intervals.ended_at > clocks.flow_started_at'
        ~ ' and coalesce(visits.left_at, refresh.as_of) > clocks.flow_started_at then '
        ~ seconds_between(
            'greatest(visits.entered_at, intervals.started_at, clocks.flow_started_at)',
            'least(coalesce(visits.left_at, refresh.as_of), intervals.ended_at)'
        )
        ~ ' else 0 end'
    ) }} as blocked_seconds_in_flow
from visits
cross join refresh
inner join intervals
    on visits.work_item_id = intervals.work_item_id
    and intervals.started_at < coalesce(visits.left_at, refresh.as_of)
    and intervals.ended_at > visits.entered_at
inner join clocks on visits.work_item_id = clocks.work_item_id
where not visits.is_after_end
group by visits.work_item_id, visits.visit_sequence
