with stage_days as (

    select * from {{ ref('mart_stage_days') }}

),

visits as (

    select * from {{ ref('fct_stage_visits') }}

),

stages as (

    select * from {{ ref('dim_stages') }}

),

teams as (

    select * from {{ ref('dim_teams') }}

),

dates as (

    select
        calendar_date,
        iso_week_start
    from {{ ref('dim_dates') }}

),

as_of_days as (

    select
        value_streams.value_stream_id,
        {{ local_date('sources.as_of', 'value_streams.timezone') }} as as_of_date,
        {{ local_time('sources.as_of', 'value_streams.timezone') }} as as_of_local
    from {{ ref('dim_value_streams') }} as value_streams
    cross join (select max(as_of) as as_of from {{ ref('dim_sources') }}) as sources

),

first_days as (

    select
        scope_type,
        scope_id,
        level,
        min(calendar_date) as first_date
    from stage_days
    group by scope_type, scope_id, level

),

-- A WIP limit holds for the stage in its value stream, whatever level the items are of.
limit_days as (

    select
        stage_days.value_stream_id,
        stage_days.stage_id,
        stage_days.calendar_date,
        greatest(sum(stage_days.n_wip) - max(stages.wip_limit), 0) as n_over_limit
    from stage_days
    inner join stages on stage_days.stage_id = stages.stage_id
    where stage_days.scope_type = 'value_stream'
        and stages.wip_limit is not null
    group by stage_days.value_stream_id, stage_days.stage_id, stage_days.calendar_date

),

limit_weeks as (

    select
        limit_days.value_stream_id,
        limit_days.stage_id,
        dates.iso_week_start as week_start,
        count(case when limit_days.n_over_limit > 0 then 1 end) as n_breach_days,
        sum(limit_days.n_over_limit) as n_items_over_limit_days
    from limit_days
    inner join dates on limit_days.calendar_date = dates.calendar_date
    group by limit_days.value_stream_id, limit_days.stage_id, dates.iso_week_start

),

weeks as (

    select
        stage_days.scope_type,
        stage_days.scope_id,
        stage_days.scope_name,
        stage_days.value_stream_id,
        stage_days.level,
        stage_days.stage_id,
        stage_days.stage_name,
        stage_days.stage_kind,
        stage_days.stage_position,
        dates.iso_week_start as week_start,
        sum(stage_days.n_arrivals) as n_arrivals,
        sum(stage_days.n_departures) as n_departures,
        sum(stage_days.n_backward_arrivals) as n_backward_arrivals,
        sum(stage_days.n_wip) as wip_sum,
        max(case
            when stage_days.calendar_date = least({{ plus_days('dates.iso_week_start', 6) }}, as_of_days.as_of_date)
                then stage_days.n_wip
        end) as wip_end,
        max({{ days_from('dates.iso_week_start',
            'least(' ~ plus_days('dates.iso_week_start', 6) ~ ', as_of_days.as_of_date)') }} + 1) as n_days,
        -- Neither cut off by as_of nor begun before the level's first day in the scope.
        max(
            cast({{ plus_days('dates.iso_week_start', 7) }} as timestamp) <= as_of_days.as_of_local
            and dates.iso_week_start >= first_days.first_date
        ) as is_complete
    from stage_days
    inner join first_days
        on stage_days.scope_type = first_days.scope_type
        and stage_days.scope_id = first_days.scope_id
        and stage_days.level = first_days.level
    inner join dates on stage_days.calendar_date = dates.calendar_date
    inner join as_of_days on stage_days.value_stream_id = as_of_days.value_stream_id
    group by
        stage_days.scope_type, stage_days.scope_id, stage_days.scope_name, stage_days.value_stream_id,
        stage_days.level, stage_days.stage_id, stage_days.stage_name, stage_days.stage_kind,
        stage_days.stage_position, dates.iso_week_start

),

-- Visits that ended, by team, level, stage and week (a cell and a week), then by scope (a group).
cells as (

    select
        cast(row_number() over (order by visits.team_id, visits.level, visits.stage_id) as integer) as cell_number,
        visits.team_id,
        visits.level,
        visits.stage_id
    from visits
    group by visits.team_id, visits.level, visits.stage_id

),

scope_cells as (

    select
        'value_stream' as scope_type,
        teams.value_stream_id as scope_id,
        cells.level,
        cells.stage_id,
        cells.cell_number
    from cells
    inner join teams on cells.team_id = teams.team_id

    union all

    select
        'train' as scope_type,
        teams.train_id as scope_id,
        cells.level,
        cells.stage_id,
        cells.cell_number
    from cells
    inner join teams on cells.team_id = teams.team_id
    where teams.train_id is not null

    union all

    select
        'team' as scope_type,
        cells.team_id as scope_id,
        cells.level,
        cells.stage_id,
        cells.cell_number
    from cells

),

groups as (

    select
        cast(row_number() over (order by scope_type, scope_id, level, stage_id) as integer) as group_number,
        scope_type,
        scope_id,
        level,
        stage_id
    from scope_cells
    group by scope_type, scope_id, level, stage_id

),

members as (

    select
        scope_cells.cell_number,
        groups.group_number
    from scope_cells
    inner join groups
        on scope_cells.scope_type = groups.scope_type
        and scope_cells.scope_id = groups.scope_id
        and scope_cells.level = groups.level
        and scope_cells.stage_id = groups.stage_id

),

ended_visits as (

    select
        cells.cell_number,
        dates.iso_week_start as week_start,
        visits.stage_kind,
        visits.elapsed_days,
        visits.blocked_elapsed_days,
        visits.visit_number = 1 as is_first_visit,
        visits.visit_number = 1 and not visits.is_left_backward as is_first_time_through,
        {{ duration_step('visits.elapsed_days') }} as duration_step
    from visits
    inner join cells
        on visits.team_id = cells.team_id
        and visits.level = cells.level
        and visits.stage_id = cells.stage_id
    inner join dates on visits.exited_date = dates.calendar_date
    where not visits.is_open
        and not visits.is_after_end
        and visits.has_usable_history

),

cell_weeks as (

    select
        cell_number,
        week_start,
        count(*) as n_visits_ended,
        count(case when is_first_visit then 1 end) as n_first_visits_ended,
        count(case when is_first_time_through then 1 end) as n_first_time_through,
        sum(case when stage_kind = 'queue' then {{ microseconds_of_days('elapsed_days') }} else 0 end)
            as wait_microseconds,
        sum(case
            when stage_kind = 'active' then {{ microseconds_of_days('elapsed_days - blocked_elapsed_days') }} else 0
        end) as active_microseconds,
        sum(case when stage_kind = 'active' then {{ microseconds_of_days('blocked_elapsed_days') }} else 0 end)
            as blocked_microseconds
    from ended_visits
    group by cell_number, week_start

),

group_weeks as (

    select
        members.group_number,
        cell_weeks.week_start,
        sum(cell_weeks.n_visits_ended) as n_visits_ended,
        sum(cell_weeks.n_first_visits_ended) as n_first_visits_ended,
        sum(cell_weeks.n_first_time_through) as n_first_time_through,
        sum(cell_weeks.wait_microseconds) as wait_microseconds,
        sum(cell_weeks.active_microseconds) as active_microseconds,
        sum(cell_weeks.blocked_microseconds) as blocked_microseconds
    from cell_weeks
    inner join members on cell_weeks.cell_number = members.cell_number
    group by members.group_number, cell_weeks.week_start

),

percents as (

    select 50 as percent
    union all
    select 85 as percent

),

{{ percentiles_of_groups('visit_ranks', 'ended_visits', 'members', ['week_start'], 'percents') }},

rank_weeks as (

    select
        group_number,
        week_start,
        max(case when percent = 50 then elapsed_days end) as p50_elapsed_days,
        max(case when percent = 85 then elapsed_days end) as p85_elapsed_days
    from visit_ranks
    group by group_number, week_start

),

visit_weeks as (

    select
        groups.scope_type,
        groups.scope_id,
        groups.level,
        groups.stage_id,
        group_weeks.*,
        rank_weeks.p50_elapsed_days,
        rank_weeks.p85_elapsed_days
    from group_weeks
    inner join groups on group_weeks.group_number = groups.group_number
    left join rank_weeks
        on group_weeks.group_number = rank_weeks.group_number
        and group_weeks.week_start = rank_weeks.week_start

)

select
    weeks.scope_type,
    weeks.scope_id,
    weeks.scope_name,
    weeks.value_stream_id,
    weeks.level,
    weeks.stage_id,
    weeks.stage_name,
    weeks.stage_kind,
    weeks.stage_position,
    weeks.week_start,
    weeks.is_complete,
    cast(weeks.n_arrivals as integer) as n_arrivals,
    cast(weeks.n_departures as integer) as n_departures,
    cast(weeks.n_backward_arrivals as integer) as n_backward_arrivals,
    cast(weeks.wip_sum as double) / weeks.n_days as wip_mean,
    cast(weeks.wip_end as integer) as wip_end,
    case when weeks.stage_kind = 'queue' then cast(weeks.wip_sum as double) / weeks.n_days end as queue_length_mean,
    case when weeks.stage_kind = 'queue' then cast(weeks.wip_end as integer) end as queue_length_end,
    cast(coalesce(visit_weeks.n_visits_ended, 0) as integer) as n_visits_ended,
    visit_weeks.p50_elapsed_days,
    visit_weeks.p85_elapsed_days,
    coalesce({{ days_of_microseconds('visit_weeks.wait_microseconds') }}, 0) as wait_elapsed_days,
    coalesce({{ days_of_microseconds('visit_weeks.active_microseconds') }}, 0) as active_elapsed_days,
    coalesce({{ days_of_microseconds('visit_weeks.blocked_microseconds') }}, 0) as blocked_elapsed_days,
    cast(coalesce(visit_weeks.n_first_visits_ended, 0) as integer) as n_first_visits_ended,
    cast(coalesce(visit_weeks.n_first_time_through, 0) as integer) as n_first_time_through,
    cast(visit_weeks.n_first_time_through as double) / nullif(visit_weeks.n_first_visits_ended, 0)
        as first_time_through_share,
    case when weeks.scope_type = 'value_stream' then stages.wip_limit end as wip_limit,
    cast(limit_weeks.n_breach_days as integer) as n_breach_days,
    cast(limit_weeks.n_items_over_limit_days as integer) as n_items_over_limit_days
from weeks
inner join stages on weeks.stage_id = stages.stage_id
left join visit_weeks
    on weeks.scope_type = visit_weeks.scope_type
    and weeks.scope_id = visit_weeks.scope_id
    and weeks.level = visit_weeks.level
    and weeks.stage_id = visit_weeks.stage_id
    and weeks.week_start = visit_weeks.week_start
left join limit_weeks
    on weeks.scope_type = 'value_stream'
    and weeks.scope_id = limit_weeks.value_stream_id
    and weeks.stage_id = limit_weeks.stage_id
    and weeks.week_start = limit_weeks.week_start
