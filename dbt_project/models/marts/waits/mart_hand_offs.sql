-- A hand-off belongs to the period in which the item was taken. Passages of untrusted histories are left out of counts
-- and waits, and told by usable_history_share.
with hand_offs as (

    select
        *,
        taken_date as calendar_date
    from {{ ref('fct_hand_offs') }}
    where not is_open

),

-- A period is over when it is over in each value stream.
as_of_day as (

    select min({{ local_time('sources.as_of', 'value_streams.timezone') }}) as as_of_local
    from {{ ref('dim_value_streams') }} as value_streams
    cross join (select max(as_of) as as_of from {{ ref('dim_sources') }}) as sources

),

first_days as (

    select
        level,
        min(calendar_date) as first_date
    from {{ ref('fct_stage_days') }}
    group by level

),

periods as (

    {{ reporting_periods() }}

),

period_days as (

    select
        periods.*,
        dates.calendar_date
    from periods
    inner join {{ ref('dim_dates') }} as dates
        on dates.calendar_date >= periods.period_start
        and dates.calendar_date <= periods.period_end

),

summed as (

    select
        period_days.period_type,
        period_days.period_id,
        period_days.period_start,
        period_days.period_end,
        hand_offs.level,
        hand_offs.boundary,
        hand_offs.from_value_stream_id,
        hand_offs.from_train_id,
        hand_offs.from_team_id,
        hand_offs.to_value_stream_id,
        hand_offs.to_train_id,
        hand_offs.to_team_id,
        hand_offs.from_stage_id,
        hand_offs.to_stage_id,
        count(case when hand_offs.has_usable_history then 1 end) as n_hand_offs,
        count(case when hand_offs.has_usable_history and hand_offs.is_return then 1 end) as n_returns,
        {{ sum_of_days('case when hand_offs.has_usable_history then hand_offs.wait_elapsed_days end') }}
            as wait_elapsed_days,
        {{ nearest_rank('hand_offs.wait_elapsed_days', 0.5, 'hand_offs.has_usable_history') }}
            as p50_wait_elapsed_days,
        {{ nearest_rank('hand_offs.wait_elapsed_days', 0.85, 'hand_offs.has_usable_history') }}
            as p85_wait_elapsed_days,
        {{ sum_of_seconds('case when hand_offs.has_usable_history then hand_offs.wait_working_hours end * 3600') }}
        / 3600.0 as wait_working_hours,
        {{ nearest_rank('hand_offs.wait_working_hours', 0.5, 'hand_offs.has_usable_history') }}
            as p50_wait_working_hours,
        {{ nearest_rank('hand_offs.wait_working_hours', 0.85, 'hand_offs.has_usable_history') }}
            as p85_wait_working_hours,
        avg(case when hand_offs.has_usable_history then 1.0 else 0.0 end) as usable_history_share
    from hand_offs
    inner join period_days on hand_offs.calendar_date = period_days.calendar_date
    group by
        period_days.period_type, period_days.period_id, period_days.period_start, period_days.period_end,
        hand_offs.level, hand_offs.boundary,
        hand_offs.from_value_stream_id, hand_offs.from_train_id, hand_offs.from_team_id,
        hand_offs.to_value_stream_id, hand_offs.to_train_id, hand_offs.to_team_id,
        hand_offs.from_stage_id, hand_offs.to_stage_id

),

totals as (

    select
        period_type,
        period_start,
        level,
        {{ sum_of_days('wait_elapsed_days') }} as wait_elapsed_days
    from summed
    group by period_type, period_start, level

)

select
    summed.period_type,
    summed.period_id,
    summed.period_start,
    summed.period_end,
    cast({{ plus_days('summed.period_end', 1) }} as timestamp) <= as_of_day.as_of_local
    and summed.period_start >= first_days.first_date as is_complete,
    summed.level,
    summed.boundary,
    summed.from_value_stream_id,
    summed.from_train_id,
    summed.from_team_id,
    summed.from_stage_id,
    from_stages.stage_name as from_stage_name,
    summed.to_value_stream_id,
    summed.to_train_id,
    summed.to_team_id,
    summed.to_stage_id,
    to_stages.stage_name as to_stage_name,
    cast(summed.n_hand_offs as integer) as n_hand_offs,
    cast(summed.n_returns as integer) as n_returns,
    case when summed.n_hand_offs > 0 then cast(summed.n_returns as double) / summed.n_hand_offs end as return_share,
    coalesce(summed.wait_elapsed_days, 0) as wait_elapsed_days,
    summed.p50_wait_elapsed_days,
    summed.p85_wait_elapsed_days,
    case
        when totals.wait_elapsed_days > 0 then coalesce(summed.wait_elapsed_days, 0) / totals.wait_elapsed_days
    end as wait_share,
    coalesce(summed.wait_working_hours, 0) as wait_working_hours,
    summed.p50_wait_working_hours,
    summed.p85_wait_working_hours,
    summed.usable_history_share
from summed
cross join as_of_day
inner join first_days on summed.level = first_days.level
inner join totals
    on summed.period_type = totals.period_type
    and summed.period_start = totals.period_start
    and summed.level = totals.level
inner join {{ ref('dim_stages') }} as from_stages on summed.from_stage_id = from_stages.stage_id
inner join {{ ref('dim_stages') }} as to_stages on summed.to_stage_id = to_stages.stage_id
