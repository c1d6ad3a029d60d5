-- One statement for all scopes: every fact is placed in its four scopes once, then counted by period.
with items as (

    select * from {{ ref('fct_work_items') }} where is_counted

),

visits as (

    select * from {{ ref('fct_stage_visits') }}

),

wip_days as (

    select * from {{ ref('fct_wip_days') }}

),

sources as (

    select max(as_of) as as_of from {{ ref('dim_sources') }}

),

scopes as (

    select
        'portfolio' as scope_type,
        'portfolio' as scope_id,
        'Portfolio' as scope_name,
        cast(null as varchar) as value_stream_id,
        teams.team_id
    from {{ ref('dim_teams') }} as teams

    union all

    select
        'value_stream' as scope_type,
        value_streams.value_stream_id as scope_id,
        value_streams.value_stream_name as scope_name,
        value_streams.value_stream_id,
        teams.team_id
    from {{ ref('dim_teams') }} as teams
    inner join {{ ref('dim_value_streams') }} as value_streams
        on teams.value_stream_id = value_streams.value_stream_id

    union all

    select
        'train' as scope_type,
        trains.train_id as scope_id,
        trains.train_name as scope_name,
        trains.value_stream_id,
        teams.team_id
    from {{ ref('dim_teams') }} as teams
    inner join {{ ref('dim_trains') }} as trains
        on teams.train_id = trains.train_id

    union all

    select
        'team' as scope_type,
        teams.team_id as scope_id,
        teams.team_name as scope_name,
        teams.value_stream_id,
        teams.team_id
    from {{ ref('dim_teams') }} as teams

),

created as (

    select
        team_id,
        level,
        entered_date as calendar_date,
        count(*) as n_created
    from visits
    where visit_sequence = 1
    group by team_id, level, entered_date

),

first_starts as (

    select
        visits.team_id,
        visits.level,
        visits.entered_date as calendar_date,
        count(distinct visits.work_item_id) as n_started
    from visits
    inner join items
        on visits.work_item_id = items.work_item_id
        and visits.entered_at = items.started_at
    where visits.stage_kind <> 'done'
    group by visits.team_id, visits.level, visits.entered_date

),

cancelled as (

    select
        team_id,
        level,
        cancelled_date as calendar_date,
        count(*) as n_cancelled
    from items
    where is_cancelled
    group by team_id, level, cancelled_date

),

days as (

    select
        coalesce(wip_days.team_id, created.team_id, first_starts.team_id, cancelled.team_id) as team_id,
        coalesce(wip_days.level, created.level, first_starts.level, cancelled.level) as level,
        coalesce(
            wip_days.calendar_date, created.calendar_date, first_starts.calendar_date, cancelled.calendar_date
        ) as calendar_date,
        coalesce(wip_days.n_in_progress, 0) as n_in_progress,
        coalesce(created.n_created, 0) as n_created,
        coalesce(first_starts.n_started, 0) as n_started,
        coalesce(cancelled.n_cancelled, 0) as n_cancelled
    from wip_days
    full outer join created
        on wip_days.team_id = created.team_id
        and wip_days.level = created.level
        and wip_days.calendar_date = created.calendar_date
    full outer join first_starts
        on coalesce(wip_days.team_id, created.team_id) = first_starts.team_id
        and coalesce(wip_days.level, created.level) = first_starts.level
        and coalesce(wip_days.calendar_date, created.calendar_date) = first_starts.calendar_date
    full outer join cancelled
        on coalesce(wip_days.team_id, created.team_id, first_starts.team_id) = cancelled.team_id
        and coalesce(wip_days.level, created.level, first_starts.level) = cancelled.level
        and coalesce(wip_days.calendar_date, created.calendar_date, first_starts.calendar_date)
            = cancelled.calendar_date

),

-- An item may come to a team only to be finished there, so finishing too makes a team's first day.
first_days as (

    select
        team_id,
        level,
        min(calendar_date) as first_date
    from (
        select
            team_id,
            level,
            calendar_date
        from days
        union all
        select
            team_id,
            level,
            finished_date as calendar_date
        from items
        where is_finished
    ) as all_days
    group by team_id, level

),

scope_levels as (

    select
        scopes.scope_type,
        scopes.scope_id,
        scopes.scope_name,
        scopes.value_stream_id,
        first_days.level,
        min(first_days.first_date) as first_date
    from scopes
    inner join first_days on scopes.team_id = first_days.team_id
    group by scopes.scope_type, scopes.scope_id, scopes.scope_name, scopes.value_stream_id, first_days.level

),

-- The day of as_of in each scope's own zone; the portfolio's is the unassigned value stream's.
as_of_days as (

    select
        value_streams.value_stream_id,
        {{ local_date('sources.as_of', 'value_streams.timezone') }} as as_of_date,
        {{ local_time('sources.as_of', 'value_streams.timezone') }} as as_of_local
    from {{ ref('dim_value_streams') }} as value_streams
    cross join sources

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

grid as (

    select
        scope_levels.*,
        periods.period_type,
        periods.period_id,
        periods.period_start,
        periods.period_end,
        as_of_days.as_of_date,
        -- Neither cut off by as_of nor begun before the scope's first day.
        cast({{ plus_days('periods.period_end', 1) }} as timestamp) <= as_of_days.as_of_local
        and periods.period_start >= scope_levels.first_date as is_complete
    from scope_levels
    inner join as_of_days on coalesce(scope_levels.value_stream_id, 'unassigned') = as_of_days.value_stream_id
    inner join periods
        on periods.period_end >= scope_levels.first_date
        and periods.period_start <= as_of_days.as_of_date

),

scope_days as (

    select
        scopes.scope_type,
        scopes.scope_id,
        days.level,
        days.calendar_date,
        sum(days.n_in_progress) as n_in_progress,
        sum(days.n_created) as n_created,
        sum(days.n_started) as n_started,
        sum(days.n_cancelled) as n_cancelled
    from days
    inner join scopes on days.team_id = scopes.team_id
    group by scopes.scope_type, scopes.scope_id, days.level, days.calendar_date

),

day_sums as (

    select
        scope_days.scope_type,
        scope_days.scope_id,
        scope_days.level,
        period_days.period_type,
        period_days.period_start,
        sum(scope_days.n_created) as n_created,
        sum(scope_days.n_started) as n_started,
        sum(scope_days.n_cancelled) as n_cancelled,
        sum(scope_days.n_in_progress) as wip_sum,
        max(scope_days.calendar_date) as last_date
    from scope_days
    inner join period_days on scope_days.calendar_date = period_days.calendar_date
    group by
        scope_days.scope_type, scope_days.scope_id, scope_days.level,
        period_days.period_type, period_days.period_start

),

finished as (

    select
        scopes.scope_type,
        scopes.scope_id,
        items.level,
        period_days.period_type,
        period_days.period_start,
        count(*) as n_finished,
        count(case when items.n_reopenings > 0 then 1 end) as n_finished_reopened,
        count(items.cycle_time_elapsed_days) as n_cycle_time,
        count(items.flow_time_elapsed_days) as n_flow_time,
        count(items.lead_time_elapsed_days) as n_lead_time,
        count(case when items.cycle_time_elapsed_days is null then 1 end) as n_undefined_start,
        {%- for clock in ['cycle_time', 'flow_time', 'lead_time'] %}
        {%- for share in [50, 70, 85, 95] %}
        {{ nearest_rank('items.' ~ clock ~ '_calendar_days', share / 100) }} as p{{ share }}_{{ clock }}_calendar_days,
        {%- endfor %}
        {{ nearest_rank('items.' ~ clock ~ '_elapsed_days', 0.5) }} as p50_{{ clock }}_elapsed_days,
        {%- endfor %}
        {{ nearest_rank('items.cycle_time_elapsed_days', 0.85) }} as p85_cycle_time_elapsed_days,
        {{ sum_of_days('case when items.flow_efficiency is not null then items.active_elapsed_days end') }}
            as active_elapsed_days,
        {{ sum_of_days('case when items.flow_efficiency is not null then items.wait_elapsed_days end') }}
            as wait_elapsed_days,
        {{ sum_of_days('case when items.flow_efficiency is not null then items.blocked_elapsed_days end') }}
            as blocked_elapsed_days,
        count(items.flow_efficiency) as n_flow_efficiency,
        avg(case when items.has_usable_history then 1.0 else 0.0 end) as usable_history_share
    from items
    inner join scopes on items.team_id = scopes.team_id
    inner join period_days on items.finished_date = period_days.calendar_date
    where items.is_finished
    group by scopes.scope_type, scopes.scope_id, items.level, period_days.period_type, period_days.period_start

),

wip_ends as (

    select
        scope_type,
        scope_id,
        level,
        calendar_date,
        n_in_progress
    from scope_days

)

select
    grid.scope_type,
    grid.scope_id,
    grid.scope_name,
    grid.value_stream_id,
    grid.level,
    grid.period_type,
    grid.period_id,
    grid.period_start,
    grid.period_end,
    grid.is_complete,
    cast(coalesce(day_sums.n_created, 0) as integer) as n_created,
    cast(coalesce(day_sums.n_started, 0) as integer) as n_started,
    cast(coalesce(finished.n_finished, 0) as integer) as n_finished,
    cast(coalesce(day_sums.n_cancelled, 0) as integer) as n_cancelled,
    cast(coalesce(finished.n_finished_reopened, 0) as integer) as n_finished_reopened,
    -- Mean over the days of the period that have passed; a day before the scope's first item counts as 0.
    cast(coalesce(day_sums.wip_sum, 0) as double)
    / ({{ days_from('grid.period_start', 'least(grid.period_end, grid.as_of_date)') }} + 1) as wip_mean,
    cast(coalesce(wip_ends.n_in_progress, 0) as integer) as wip_end,
    cast(coalesce(finished.n_cycle_time, 0) as integer) as n_cycle_time,
    finished.p50_cycle_time_calendar_days,
    finished.p70_cycle_time_calendar_days,
    finished.p85_cycle_time_calendar_days,
    finished.p95_cycle_time_calendar_days,
    finished.p50_cycle_time_elapsed_days,
    finished.p85_cycle_time_elapsed_days,
    cast(coalesce(finished.n_flow_time, 0) as integer) as n_flow_time,
    finished.p50_flow_time_calendar_days,
    finished.p70_flow_time_calendar_days,
    finished.p85_flow_time_calendar_days,
    finished.p95_flow_time_calendar_days,
    finished.p50_flow_time_elapsed_days,
    cast(coalesce(finished.n_lead_time, 0) as integer) as n_lead_time,
    finished.p50_lead_time_calendar_days,
    finished.p70_lead_time_calendar_days,
    finished.p85_lead_time_calendar_days,
    finished.p95_lead_time_calendar_days,
    finished.p50_lead_time_elapsed_days,
    cast(coalesce(finished.n_undefined_start, 0) as integer) as n_undefined_start,
    finished.active_elapsed_days,
    finished.wait_elapsed_days,
    finished.blocked_elapsed_days,
    finished.active_elapsed_days
    / nullif(finished.active_elapsed_days + finished.wait_elapsed_days + finished.blocked_elapsed_days, 0)
        as flow_efficiency,
    cast(coalesce(finished.n_flow_efficiency, 0) as integer) as n_flow_efficiency,
    cast(finished.usable_history_share as double) as usable_history_share
from grid
left join day_sums
    on grid.scope_type = day_sums.scope_type
    and grid.scope_id = day_sums.scope_id
    and grid.level = day_sums.level
    and grid.period_type = day_sums.period_type
    and grid.period_start = day_sums.period_start
left join finished
    on grid.scope_type = finished.scope_type
    and grid.scope_id = finished.scope_id
    and grid.level = finished.level
    and grid.period_type = finished.period_type
    and grid.period_start = finished.period_start
left join wip_ends
    on grid.scope_type = wip_ends.scope_type
    and grid.scope_id = wip_ends.scope_id
    and grid.level = wip_ends.level
    and wip_ends.calendar_date = least(grid.period_end, grid.as_of_date)
