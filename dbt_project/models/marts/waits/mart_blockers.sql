-- Hours are cut at the borders of the periods by sums of events: what was open when the period began lasts all of it,
-- what opens adds what is left of it from there on, what ends takes away what is left of it. So a spell costs two
-- events, however long it is, and an open one ends with as_of.
--
-- Of one item, spells of one kind and reason that overlap count once, and so do all its spells in the rows `all`. An
-- item counts under the team it had when the spell opened; days are those of that team's value stream.
with spells as (

    select
        spells.blocked_spell_id,
        spells.work_item_id,
        spells.value_stream_id,
        spells.team_id,
        teams.location_id,
        spells.level,
        spells.blocked_kind,
        -- Each link would have a reason of its own; who waits for whom stands in fct_dependencies.
        case
            when spells.blocked_kind = 'link' then 'Another item'
            else coalesce(nullif(trim(spells.reason), ''), 'Not told')
        end as reason,
        spells.started_at,
        spells.ended_at,
        spells.is_open,
        spells.working_hours,
        spells.working_hours_before
    from {{ ref('fct_blocked_spells') }} as spells
    inner join {{ ref('dim_teams') }} as teams on spells.team_id = teams.team_id

),

as_of_days as (

    select
        value_streams.value_stream_id,
        value_streams.timezone,
        sources.as_of,
        {{ local_date('sources.as_of', 'value_streams.timezone') }} as as_of_date,
        {{ local_time('sources.as_of', 'value_streams.timezone') }} as as_of_local
    from {{ ref('dim_value_streams') }} as value_streams
    cross join (select max(as_of) as as_of from {{ ref('dim_sources') }}) as sources

),

periods as (

    {{ reporting_periods() }}

),

sequenced as (

    select
        *,
        lag(period_end) over (partition by period_type order by period_start) as previous_end
    from periods

),

-- A day between two increments belongs to none; what happens there happens before the next one.
period_days as (

    select
        sequenced.*,
        dates.calendar_date,
        case when dates.calendar_date >= sequenced.period_start then 1 else 0 end as is_within
    from sequenced
    inner join {{ ref('dim_dates') }} as dates
        on dates.calendar_date <= sequenced.period_end
        and (sequenced.previous_end is null or dates.calendar_date > sequenced.previous_end)

),

-- The sums of working hours at which each period begins and ends in each location.
period_hours as (

    select
        period_days.period_type,
        period_days.period_start,
        period_days.period_end,
        working_days.location_id,
        min(working_days.working_hours_before) as hours_at_start,
        max(working_days.working_hours_before + working_days.working_hours) as hours_at_end
    from period_days
    inner join {{ ref('dim_working_days') }} as working_days on period_days.calendar_date = working_days.calendar_date
    where period_days.is_within = 1
    group by
        period_days.period_type, period_days.period_start, period_days.period_end, working_days.location_id

),

-- With the instants, a team's own: of its value stream's days and its location's hours.
period_borders as (

    select
        period_hours.period_type,
        period_hours.period_start,
        teams.team_id,
        {{ start_of_day('period_hours.period_start', 'as_of_days.timezone') }} as starts_at,
        {{ start_of_day(plus_days('period_hours.period_end', 1), 'as_of_days.timezone') }} as ends_at,
        period_hours.hours_at_start,
        period_hours.hours_at_end
    from {{ ref('dim_teams') }} as teams
    inner join as_of_days on teams.value_stream_id = as_of_days.value_stream_id
    inner join period_hours
        on teams.location_id = period_hours.location_id
        and period_hours.period_start <= as_of_days.as_of_date

),

grouped as (

    select * from spells

    union all

    select
        blocked_spell_id,
        work_item_id,
        value_stream_id,
        team_id,
        location_id,
        level,
        'all' as blocked_kind,
        'all' as reason,
        started_at,
        ended_at,
        is_open,
        working_hours,
        working_hours_before
    from spells

),

localised as (

    select
        grouped.*,
        grouped.working_hours_before + grouped.working_hours as hours_at_end,
        coalesce(grouped.ended_at, as_of_days.as_of) as measured_to_at,
        {{ local_date('grouped.started_at', 'as_of_days.timezone') }} as started_date,
        {{ local_time('coalesce(grouped.ended_at, as_of_days.as_of)', 'as_of_days.timezone') }} as measured_to_local
    from grouped
    inner join as_of_days on grouped.value_stream_id = as_of_days.value_stream_id

),

-- What ends at midnight has nothing of the day that begins then; what is open has today.
dated as (

    select
        *,
        case
            when not is_open
                and started_at < measured_to_at
                and measured_to_local = cast(cast(measured_to_local as date) as timestamp)
                then {{ plus_days('cast(measured_to_local as date)', -1) }}
            else cast(measured_to_local as date)
        end as ended_date,
        max(measured_to_at) over (
            partition by work_item_id, level, blocked_kind, reason order by started_at, measured_to_at, blocked_spell_id
            rows between unbounded preceding and 1 preceding
        ) as latest_end_before
    from localised

),

numbered as (

    select
        *,
        sum(case when started_at <= latest_end_before then 0 else 1 end) over (
            partition by work_item_id, level, blocked_kind, reason order by started_at, measured_to_at, blocked_spell_id
            rows between unbounded preceding and current row
        ) as interval_number
    from dated

),

first_spells as (

    select *
    from numbered
    where latest_end_before is null
        or started_at > latest_end_before

),

interval_ends as (

    select
        work_item_id,
        level,
        blocked_kind,
        reason,
        interval_number,
        max(measured_to_at) as measured_to_at,
        max(ended_date) as ended_date
    from numbered
    group by work_item_id, level, blocked_kind, reason, interval_number

),

-- Sums of working hours compare within one location: an interval has those of the team it opened under.
interval_hours as (

    select
        work_item_id,
        level,
        blocked_kind,
        reason,
        interval_number,
        location_id,
        max(hours_at_end) as hours_at_end
    from numbered
    group by work_item_id, level, blocked_kind, reason, interval_number, location_id

),

intervals as (

    select
        first_spells.work_item_id,
        first_spells.team_id,
        first_spells.level,
        first_spells.blocked_kind,
        first_spells.reason,
        first_spells.started_at,
        first_spells.started_date,
        first_spells.working_hours_before as hours_at_start,
        interval_ends.measured_to_at,
        interval_ends.ended_date,
        interval_hours.hours_at_end
    from first_spells
    inner join interval_ends
        on first_spells.work_item_id = interval_ends.work_item_id
        and first_spells.level = interval_ends.level
        and first_spells.blocked_kind = interval_ends.blocked_kind
        and first_spells.reason = interval_ends.reason
        and first_spells.interval_number = interval_ends.interval_number
    inner join interval_hours
        on first_spells.work_item_id = interval_hours.work_item_id
        and first_spells.level = interval_hours.level
        and first_spells.blocked_kind = interval_hours.blocked_kind
        and first_spells.reason = interval_hours.reason
        and first_spells.interval_number = interval_hours.interval_number
        and first_spells.location_id = interval_hours.location_id

),

events as (

    select
        team_id,
        level,
        blocked_kind,
        reason,
        started_date as calendar_date,
        started_at as event_at,
        hours_at_start as hours_at_event,
        1 as n_blocked,
        0 as n_opened,
        0 as n_closed
    from intervals

    union all

    select
        team_id,
        level,
        blocked_kind,
        reason,
        ended_date as calendar_date,
        measured_to_at as event_at,
        hours_at_end as hours_at_event,
        -1 as n_blocked,
        0 as n_opened,
        0 as n_closed
    from intervals

    union all

    select
        team_id,
        level,
        blocked_kind,
        reason,
        started_date as calendar_date,
        started_at as event_at,
        working_hours_before as hours_at_event,
        0 as n_blocked,
        1 as n_opened,
        0 as n_closed
    from dated

    union all

    select
        team_id,
        level,
        blocked_kind,
        reason,
        ended_date as calendar_date,
        measured_to_at as event_at,
        hours_at_end as hours_at_event,
        0 as n_blocked,
        0 as n_opened,
        1 as n_closed
    from dated
    where not is_open

),

moves as (

    select
        events.team_id,
        events.level,
        events.blocked_kind,
        events.reason,
        period_days.period_type,
        period_days.period_start,
        sum(period_days.is_within) as n_events,
        sum(events.n_blocked) as n_blocked,
        sum(events.n_blocked * period_days.is_within) as n_blocked_within,
        sum(events.n_opened * period_days.is_within) as n_opened,
        sum(events.n_opened - events.n_closed) as n_opened_net,
        {{ sum_of_seconds(
            'events.n_blocked * period_days.is_within * '
            ~ seconds_between('events.event_at', 'period_borders.ends_at')
        ) }} as seconds_left,
        {{ sum_of_seconds(
            'events.n_blocked * period_days.is_within * (period_borders.hours_at_end - events.hours_at_event) * 3600'
        ) }} as working_seconds_left
    from events
    inner join period_days on events.calendar_date = period_days.calendar_date
    inner join period_borders
        on period_days.period_type = period_borders.period_type
        and period_days.period_start = period_borders.period_start
        and events.team_id = period_borders.team_id
    group by
        events.team_id, events.level, events.blocked_kind, events.reason,
        period_days.period_type, period_days.period_start

),

spans as (

    select
        team_id,
        level,
        blocked_kind,
        reason,
        period_type,
        min(period_start) as first_start,
        max(period_start) as last_start
    from moves
    group by team_id, level, blocked_kind, reason, period_type

),

cumulated as (

    select
        spans.team_id,
        spans.level,
        spans.blocked_kind,
        spans.reason,
        spans.period_type,
        period_borders.period_start,
        period_borders.starts_at,
        period_borders.ends_at,
        period_borders.hours_at_start,
        period_borders.hours_at_end,
        coalesce(moves.n_events, 0) as n_events,
        coalesce(moves.n_blocked_within, 0) as n_blocked_within,
        coalesce(moves.n_opened, 0) as n_opened,
        coalesce(moves.seconds_left, 0) as seconds_left,
        coalesce(moves.working_seconds_left, 0) as working_seconds_left,
        sum(coalesce(moves.n_blocked, 0)) over (
            partition by
                spans.team_id, spans.level, spans.blocked_kind, spans.reason, spans.period_type
            order by period_borders.period_start
            rows between unbounded preceding and current row
        ) as n_blocked_end,
        sum(coalesce(moves.n_opened_net, 0)) over (
            partition by
                spans.team_id, spans.level, spans.blocked_kind, spans.reason, spans.period_type
            order by period_borders.period_start
            rows between unbounded preceding and current row
        ) as n_open_end
    from spans
    inner join period_borders
        on spans.team_id = period_borders.team_id
        and spans.period_type = period_borders.period_type
        and spans.first_start <= period_borders.period_start
        and spans.last_start >= period_borders.period_start
    left join moves
        on spans.team_id = moves.team_id
        and spans.level = moves.level
        and spans.blocked_kind = moves.blocked_kind
        and spans.reason = moves.reason
        and spans.period_type = moves.period_type
        and period_borders.period_start = moves.period_start

),

measured as (

    select
        *,
        n_blocked_end - n_blocked_within as n_blocked_before,
        (n_blocked_end - n_blocked_within) * {{ seconds_between('starts_at', 'ends_at') }} + seconds_left
            as blocked_seconds,
        -- Never below none: a location on another clock than its value stream's has other midnights.
        greatest(
            (n_blocked_end - n_blocked_within) * (hours_at_end - hours_at_start) * 3600 + working_seconds_left, 0
        ) as working_seconds
    from cumulated

),

scopes as (

    {{ reporting_scopes() }}

),

scope_sums as (

    select
        scopes.scope_type,
        scopes.scope_id,
        measured.level,
        measured.blocked_kind,
        measured.reason,
        measured.period_type,
        measured.period_start,
        sum(measured.n_events + measured.n_blocked_before) as n_reasons_for_a_row,
        sum(measured.n_opened) as n_opened,
        sum(measured.n_open_end) as n_open_end,
        {{ sum_of_seconds('measured.blocked_seconds') }} as blocked_seconds,
        {{ sum_of_seconds('measured.working_seconds') }} as working_seconds
    from measured
    inner join scopes on measured.team_id = scopes.team_id
    group by
        scopes.scope_type, scopes.scope_id, measured.level, measured.blocked_kind, measured.reason,
        measured.period_type, measured.period_start

),

-- An item counts once in a period: at its first interval there, unless an earlier one lasted into it.
scope_intervals as (

    select
        scopes.scope_type,
        scopes.scope_id,
        intervals.level,
        intervals.blocked_kind,
        intervals.reason,
        intervals.started_date,
        intervals.ended_date,
        lag(intervals.ended_date) over (
            partition by
                scopes.scope_type, scopes.scope_id, intervals.work_item_id, intervals.level,
                intervals.blocked_kind, intervals.reason
            order by intervals.started_at
        ) as ended_date_before
    from intervals
    inner join scopes on intervals.team_id = scopes.team_id

),

item_events as (

    select
        scope_type,
        scope_id,
        level,
        blocked_kind,
        reason,
        started_date as calendar_date,
        ended_date_before,
        1 as n_blocked
    from scope_intervals

    union all

    select
        scope_type,
        scope_id,
        level,
        blocked_kind,
        reason,
        ended_date as calendar_date,
        cast(null as date) as ended_date_before,
        -1 as n_blocked
    from scope_intervals

),

item_moves as (

    select
        item_events.scope_type,
        item_events.scope_id,
        item_events.level,
        item_events.blocked_kind,
        item_events.reason,
        period_days.period_type,
        period_days.period_start,
        sum(item_events.n_blocked) as n_blocked,
        sum(item_events.n_blocked * period_days.is_within) as n_blocked_within,
        count(case
            when item_events.n_blocked = 1
                and period_days.is_within = 1
                and (
                    item_events.ended_date_before is null
                    or item_events.ended_date_before < period_days.period_start
                )
                then 1
        end) as n_items
    from item_events
    inner join period_days on item_events.calendar_date = period_days.calendar_date
    group by
        item_events.scope_type, item_events.scope_id, item_events.level, item_events.blocked_kind, item_events.reason,
        period_days.period_type, period_days.period_start

),

item_counts as (

    select
        scope_sums.*,
        -- Those blocked when the period began and those blocked first within it.
        sum(coalesce(item_moves.n_blocked, 0)) over (
            partition by
                scope_sums.scope_type, scope_sums.scope_id, scope_sums.level, scope_sums.blocked_kind,
                scope_sums.reason, scope_sums.period_type
            order by scope_sums.period_start
            rows between unbounded preceding and current row
        ) - coalesce(item_moves.n_blocked_within, 0) + coalesce(item_moves.n_items, 0) as n_items
    from scope_sums
    left join item_moves
        on scope_sums.scope_type = item_moves.scope_type
        and scope_sums.scope_id = item_moves.scope_id
        and scope_sums.level = item_moves.level
        and scope_sums.blocked_kind = item_moves.blocked_kind
        and scope_sums.reason = item_moves.reason
        and scope_sums.period_type = item_moves.period_type
        and scope_sums.period_start = item_moves.period_start

),

totals as (

    select *
    from item_counts
    where blocked_kind = 'all'

),

-- The portfolio has got as far as the value stream where it is earliest.
scope_days as (

    select
        value_stream_id,
        as_of_date,
        as_of_local
    from as_of_days

    union all

    select
        cast(null as varchar) as value_stream_id,
        min(as_of_date) as as_of_date,
        min(as_of_local) as as_of_local
    from as_of_days

),

scope_levels as (

    select
        scopes.scope_type,
        scopes.scope_id,
        scopes.scope_name,
        scopes.value_stream_id,
        team_levels.level,
        min(team_levels.first_date) as first_date
    from scopes
    inner join (
        select
            team_id,
            level,
            min(calendar_date) as first_date
        from {{ ref('fct_stage_days') }}
        group by team_id, level
    ) as team_levels on scopes.team_id = team_levels.team_id
    group by scopes.scope_type, scopes.scope_id, scopes.scope_name, scopes.value_stream_id, team_levels.level

)

select
    item_counts.scope_type,
    item_counts.scope_id,
    scope_levels.scope_name,
    scope_levels.value_stream_id,
    item_counts.level,
    item_counts.period_type,
    periods.period_id,
    item_counts.period_start,
    periods.period_end,
    cast({{ plus_days('periods.period_end', 1) }} as timestamp) <= scope_days.as_of_local
    and item_counts.period_start >= scope_levels.first_date as is_complete,
    item_counts.blocked_kind,
    item_counts.reason,
    cast(item_counts.n_opened as integer) as n_spells_opened,
    cast(item_counts.n_open_end as integer) as n_spells_open_end,
    cast(item_counts.n_items as integer) as n_items,
    item_counts.blocked_seconds / 3600.0 as blocked_elapsed_hours,
    item_counts.working_seconds / 3600.0 as blocked_working_hours,
    case
        when totals.blocked_seconds > 0 then item_counts.blocked_seconds / totals.blocked_seconds
    end as blocked_hours_share
from item_counts
inner join totals
    on item_counts.scope_type = totals.scope_type
    and item_counts.scope_id = totals.scope_id
    and item_counts.level = totals.level
    and item_counts.period_type = totals.period_type
    and item_counts.period_start = totals.period_start
inner join scope_levels
    on item_counts.scope_type = scope_levels.scope_type
    and item_counts.scope_id = scope_levels.scope_id
    and item_counts.level = scope_levels.level
inner join scope_days on scope_levels.value_stream_id is not distinct from scope_days.value_stream_id
inner join periods
    on item_counts.period_type = periods.period_type
    and item_counts.period_start = periods.period_start
where item_counts.n_reasons_for_a_row > 0
    and item_counts.period_start <= scope_days.as_of_date
