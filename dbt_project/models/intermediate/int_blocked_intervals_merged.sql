{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched('quality.touched_with_links') }}"
) }}
-- One row per item and maximal blocked interval, whatever blocked it: overlapping spells count once. Open ones run to
-- as_of.
with refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

-- Each once: spells that begin and end alike have no order, and the two windows below have to see the same one.
spells as (

    select distinct
        spells.work_item_id,
        spells.started_at,
        coalesce(spells.ended_at, refresh.as_of) as ended_at
    from {{ ref('int_blocked_spells_detected') }} as spells
    cross join refresh
    where {{ is_touched('spells.work_item_id', 'quality.touched_with_links') }}

),

compared as (

    select
        *,
        case
            when started_at <= max(ended_at) over (
                partition by work_item_id order by started_at, ended_at
                rows between unbounded preceding and 1 preceding
            ) then 0
            else 1
        end as is_new
    from spells

),

numbered as (

    select
        *,
        sum(is_new) over (
            partition by work_item_id order by started_at, ended_at rows between unbounded preceding and current row
        ) as interval_number
    from compared

)

select
    work_item_id,
    interval_number,
    min(started_at) as started_at,
    max(ended_at) as ended_at
from numbered
group by work_item_id, interval_number
