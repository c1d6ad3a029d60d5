-- One statement for all scopes. Facts are summed once by cell (team, level and work type) and day; the sums go on to
-- the groups (a scope's items of a level, of one work type and of all), and from days to periods. Percentiles come from
-- counts by cell likewise (macros/percentiles_of_groups).
{%- set clocks = ['cycle_time', 'flow_time', 'lead_time', 'idea_to_value'] %}
{%- set item_measures = [
    'n_finished', 'n_finished_reopened', 'n_cycle_time', 'n_flow_time', 'n_lead_time', 'n_idea_to_value',
    'n_estimated', 'estimate_millionths', 'n_flow_efficiency', 'n_usable_history', 'cycle_time_microseconds',
    'flow_time_microseconds', 'rework_microseconds', 'active_microseconds', 'wait_microseconds',
    'blocked_microseconds'
] %}
{%- set measures = ['n_in_progress', 'n_queued', 'n_created', 'n_started', 'n_cancelled', 'n_reopened']
    + item_measures %}
with items as (

    select * from {{ ref('fct_work_items') }} where is_counted

),

visits as (

    select * from {{ ref('fct_stage_visits') }}

),

wip_days as (

    select * from {{ ref('fct_wip_days') }}

),

wip_spells as (

    select * from {{ ref('fct_wip_spells') }}

),

stage_days as (

    select * from {{ ref('fct_stage_days') }}

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

-- The day of as_of in each value stream's own zone.
stream_days as (

    select
        value_streams.value_stream_id,
        {{ local_date('sources.as_of', 'value_streams.timezone') }} as as_of_date,
        {{ local_time('sources.as_of', 'value_streams.timezone') }} as as_of_local
    from {{ ref('dim_value_streams') }} as value_streams
    cross join sources

),

-- The portfolio has got as far as the value stream where it is earliest: a day that has not begun everywhere would count
-- the work of the others only, and a week that is not over everywhere would still change.
as_of_days as (

    select
        value_stream_id,
        as_of_date,
        as_of_local
    from stream_days

    union all

    select
        cast(null as varchar) as value_stream_id,
        min(as_of_date) as as_of_date,
        min(as_of_local) as as_of_local
    from stream_days

),

-- Sums by team, level, work type and day ---------------------------------------------------------------------------

days_in_progress as (

    select
        team_id,
        level,
        work_type,
        calendar_date,
        sum(n_in_progress) as n_in_progress,
        sum(n_started) as n_started
    from wip_days
    group by team_id, level, work_type, calendar_date

),

days_queued as (

    select
        team_id,
        level,
        work_type,
        calendar_date,
        sum(n_wip) as n_queued
    from stage_days
    where stage_kind = 'queue'
    group by team_id, level, work_type, calendar_date

),

days_created as (

    select
        team_id,
        level,
        work_type,
        entered_date as calendar_date,
        count(*) as n_created
    from visits
    where visit_sequence = 1
    group by team_id, level, work_type, entered_date

),

days_reopened as (

    select
        team_id,
        level,
        work_type,
        entered_date as calendar_date,
        count(*) as n_reopened
    from visits
    where is_reopening
    group by team_id, level, work_type, entered_date

),

days_cancelled as (

    select
        team_id,
        level,
        work_type,
        cancelled_date as calendar_date,
        count(*) as n_cancelled
    from items
    where is_cancelled
    group by team_id, level, work_type, cancelled_date

),

days_finished as (

    select
        team_id,
        level,
        work_type,
        finished_date as calendar_date,
        count(*) as n_finished,
        count(case when n_reopenings > 0 then 1 end) as n_finished_reopened,
        {%- for clock in clocks %}
        count({{ clock }}_elapsed_days) as n_{{ clock }},
        {%- endfor %}
        count(estimate) as n_estimated,
        sum(cast(round(estimate * 1000000.0) as bigint)) as estimate_millionths,
        count(flow_efficiency) as n_flow_efficiency,
        count(case when has_usable_history then 1 end) as n_usable_history,
        sum({{ microseconds_of_days('cycle_time_elapsed_days') }}) as cycle_time_microseconds,
        sum({{ microseconds_of_days('flow_time_elapsed_days') }}) as flow_time_microseconds,
        sum(case when flow_time_elapsed_days is not null then {{ microseconds_of_days('rework_elapsed_days') }} end)
            as rework_microseconds,
        sum(case when flow_efficiency is not null then {{ microseconds_of_days('active_elapsed_days') }} end)
            as active_microseconds,
        sum(case when flow_efficiency is not null then {{ microseconds_of_days('wait_elapsed_days') }} end)
            as wait_microseconds,
        sum(case when flow_efficiency is not null then {{ microseconds_of_days('blocked_elapsed_days') }} end)
            as blocked_microseconds
    from items
    where is_finished
    group by team_id, level, work_type, finished_date

),

-- A scope's first day is the first of anything but waiting: an item may come to a team only to be finished there.
day_facts as (
    {% for source, told, begins in [
        ('days_in_progress', ['n_in_progress', 'n_started'], true),
        ('days_queued', ['n_queued'], false),
        ('days_created', ['n_created'], true),
        ('days_reopened', ['n_reopened'], false),
        ('days_cancelled', ['n_cancelled'], true),
        ('days_finished', item_measures, true),
    ] %}
    select
        team_id,
        level,
        work_type,
        calendar_date,
        {{ 'calendar_date' if begins else 'cast(null as date)' }} as begun_date
        {%- for measure in measures %},
        cast({{ measure if measure in told else 'null' }} as bigint) as {{ measure }}
        {%- endfor %}
    from {{ source }}
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

-- Cells and the groups that they belong to -------------------------------------------------------------------------

cells as (

    select
        cast(row_number() over (order by team_id, level, work_type) as integer) as cell_number,
        team_id,
        level,
        work_type,
        min(begun_date) as first_date
    from day_facts
    group by team_id, level, work_type

),

scope_cells as (

    select
        scopes.scope_type,
        scopes.scope_id,
        scopes.scope_name,
        scopes.value_stream_id,
        cells.level,
        cells.work_type,
        cells.cell_number,
        cells.first_date
    from cells
    inner join scopes on cells.team_id = scopes.team_id

    union all

    select
        scopes.scope_type,
        scopes.scope_id,
        scopes.scope_name,
        scopes.value_stream_id,
        cells.level,
        'all' as work_type,
        cells.cell_number,
        cells.first_date
    from cells
    inner join scopes on cells.team_id = scopes.team_id

),

groups as (

    select
        cast(row_number() over (
            order by scope_cells.scope_type, scope_cells.scope_id, scope_cells.level, scope_cells.work_type
        ) as integer) as group_number,
        scope_cells.scope_type,
        scope_cells.scope_id,
        scope_cells.scope_name,
        scope_cells.value_stream_id,
        scope_cells.level,
        scope_cells.work_type,
        as_of_days.as_of_date,
        as_of_days.as_of_local,
        min(scope_cells.first_date) as first_date
    from scope_cells
    inner join as_of_days on scope_cells.value_stream_id is not distinct from as_of_days.value_stream_id
    group by
        scope_cells.scope_type, scope_cells.scope_id, scope_cells.scope_name, scope_cells.value_stream_id,
        scope_cells.level, scope_cells.work_type, as_of_days.as_of_date, as_of_days.as_of_local

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
        and scope_cells.work_type = groups.work_type

),

-- A train that is the whole of its value stream, or a level that knows one work type, has the items of another group:
-- times and ages are computed once, for the first of the groups that are alike.
likenesses as (

    select
        group_number,
        min(group_number) over (partition by cell_list) as like_number
    from (
        select
            group_number,
            {{ joined_lines('cast(cell_number as varchar)') }} as cell_list
        from members
        group by group_number
    ) as cell_lists

),

unlike_members as (

    select
        members.cell_number,
        members.group_number
    from members
    inner join likenesses
        on members.group_number = likenesses.group_number
        and members.group_number = likenesses.like_number

),

periods as (

    select
        cast(row_number() over (order by period_type, period_start, period_id) as integer) as period_number,
        period_type,
        period_id,
        period_start,
        period_end
    from ({{ reporting_periods(with_days=true) }}) as reporting_periods

),

period_days as (

    select
        periods.period_number,
        periods.period_type,
        periods.period_end,
        dates.calendar_date
    from periods
    inner join {{ ref('dim_dates') }} as dates
        on dates.calendar_date >= periods.period_start
        and dates.calendar_date <= periods.period_end

),

grid as (

    select
        groups.*,
        likenesses.like_number,
        periods.period_number,
        periods.period_type,
        periods.period_id,
        periods.period_start,
        periods.period_end,
        least(periods.period_end, groups.as_of_date) as last_date,
        {{ days_from('periods.period_start', 'least(periods.period_end, groups.as_of_date)') }} + 1 as n_days,
        -- Neither cut off by as_of nor begun before the scope's first day.
        cast({{ plus_days('periods.period_end', 1) }} as timestamp) <= groups.as_of_local
        and periods.period_start >= groups.first_date as is_complete
    from groups
    inner join likenesses on groups.group_number = likenesses.group_number
    inner join periods
        on periods.period_end >= groups.first_date
        and periods.period_start <= groups.as_of_date

),

-- Sums by group and period -----------------------------------------------------------------------------------------

cell_days as (

    select
        cells.cell_number,
        day_facts.calendar_date
        {%- for measure in measures %},
        cast(sum(day_facts.{{ measure }}) as bigint) as {{ measure }}
        {%- endfor %}
    from day_facts
    inner join cells
        on day_facts.team_id = cells.team_id
        and day_facts.level = cells.level
        and day_facts.work_type = cells.work_type
    group by cells.cell_number, day_facts.calendar_date

),

group_days as (

    select
        members.group_number,
        cell_days.calendar_date
        {%- for measure in measures %},
        cast(sum(cell_days.{{ measure }}) as bigint) as {{ measure }}
        {%- endfor %}
    from cell_days
    inner join members on cell_days.cell_number = members.cell_number
    group by members.group_number, cell_days.calendar_date

),

sums as (

    select
        group_days.group_number,
        period_days.period_number,
        sum(case when group_days.calendar_date <= groups.as_of_date then group_days.n_in_progress end) as wip_sum,
        sum(case when group_days.calendar_date <= groups.as_of_date then group_days.n_queued end) as queue_sum,
        {%- for measure, name in [('n_in_progress', 'wip_end'), ('n_queued', 'queue_length_end')] %}
        sum(case
            when group_days.calendar_date = least(period_days.period_end, groups.as_of_date)
                then group_days.{{ measure }}
        end) as {{ name }},
        {%- endfor %}
        {%- for measure in measures if measure not in ('n_in_progress', 'n_queued') %}
        cast(sum(group_days.{{ measure }}) as bigint) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from group_days
    inner join groups on group_days.group_number = groups.group_number
    inner join period_days on group_days.calendar_date = period_days.calendar_date
    group by group_days.group_number, period_days.period_number

),

-- Times of the items finished in the period ------------------------------------------------------------------------

finished_items as (

    select
        cells.cell_number,
        items.finished_date
        {%- for clock in clocks %},
        items.{{ clock }}_calendar_days,
        items.{{ clock }}_elapsed_days
        {%- endfor %}
    from items
    inner join cells
        on items.team_id = cells.team_id
        and items.level = cells.level
        and items.work_type = cells.work_type
    where items.is_finished

),

-- What finished on one day is few: its values are put in order. The counts that serve the longer periods would be no
-- fewer than the values themselves.
day_ranks as (

    select
        members.group_number,
        periods.period_number
        {%- for clock in clocks %},
        {{ nearest_ranks('finished_items.' ~ clock ~ '_calendar_days', [0.5, 0.7, 0.85, 0.95]) }}
            as {{ clock }}_calendar_days,
        {{ nearest_ranks('finished_items.' ~ clock ~ '_elapsed_days',
            [0.5, 0.85] if clock == 'cycle_time' else [0.5]) }} as {{ clock }}_elapsed_days
        {%- endfor %}
    from finished_items
    inner join unlike_members as members on finished_items.cell_number = members.cell_number
    inner join periods
        on finished_items.finished_date = periods.period_start
        and periods.period_type = 'day'
    group by members.group_number, periods.period_number

),

long_period_days as (

    select *
    from period_days
    where period_type <> 'day'

),

times as (
    {% for clock in clocks %}
    select
        cell_number,
        finished_date,
        {{ loop.index }} as clock,
        {{ clock }}_calendar_days as calendar_days,
        {{ clock }}_elapsed_days as elapsed_days,
        {{ duration_step(clock ~ '_elapsed_days') }} as duration_step
    from finished_items
    where {{ clock }}_elapsed_days is not null
    {% if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

cell_calendar_days as (

    select
        times.cell_number,
        long_period_days.period_number,
        times.clock,
        times.calendar_days,
        count(*) as n_items
    from times
    inner join long_period_days on times.finished_date = long_period_days.calendar_date
    where times.calendar_days is not null
    group by times.cell_number, long_period_days.period_number, times.clock, times.calendar_days

),

group_calendar_days as (

    select
        members.group_number,
        cell_calendar_days.period_number,
        cell_calendar_days.clock,
        cell_calendar_days.calendar_days,
        cast(sum(cell_calendar_days.n_items) as bigint) as n_items
    from cell_calendar_days
    inner join unlike_members as members on cell_calendar_days.cell_number = members.cell_number
    group by
        members.group_number, cell_calendar_days.period_number, cell_calendar_days.clock,
        cell_calendar_days.calendar_days

),

calendar_ranks as (
    {{ nearest_ranks_of_counts(
        'group_calendar_days', ['group_number', 'period_number', 'clock'], 'calendar_days', [50, 70, 85, 95]
    ) }}
),

-- The median of each clock; of the cycle time the 85 % too.
percents as (
    {% for clock in clocks %}
    select
        {{ loop.index }} as clock,
        50 as percent

    union all
    {% endfor %}
    select
        1 as clock,
        85 as percent

),

{{ percentiles_of_groups(
    'elapsed_ranks',
    'times inner join long_period_days on times.finished_date = long_period_days.calendar_date',
    'unlike_members', ['period_number', 'clock'], 'percents', ['clock']
) }},

ranks as (

    select
        group_number,
        period_number
        {%- for clock in clocks %}
        {%- set number = loop.index %}
        {%- for share in [50, 70, 85, 95] %},
        max(case when clock = {{ number }} then p{{ share }} end) as p{{ share }}_{{ clock }}_calendar_days
        {%- endfor %}
        {%- endfor %}
    from calendar_ranks
    group by group_number, period_number

    union all

    select
        group_number,
        period_number
        {%- for clock in clocks %}
        {%- for share in [50, 70, 85, 95] %},
        {{ nth_of(clock ~ '_calendar_days', loop.index) }} as p{{ share }}_{{ clock }}_calendar_days
        {%- endfor %}
        {%- endfor %}
    from day_ranks

),

medians as (

    select
        group_number,
        period_number,
        max(case when clock = 1 and percent = 85 then elapsed_days end) as p85_cycle_time_elapsed_days
        {%- for clock in clocks %},
        max(case when clock = {{ loop.index }} and percent = 50 then elapsed_days end)
            as p50_{{ clock }}_elapsed_days
        {%- endfor %}
    from elapsed_ranks
    group by group_number, period_number

    union all

    select
        group_number,
        period_number,
        {{ nth_of('cycle_time_elapsed_days', 2) }} as p85_cycle_time_elapsed_days
        {%- for clock in clocks %},
        {{ nth_of(clock ~ '_elapsed_days', 1) }} as p50_{{ clock }}_elapsed_days
        {%- endfor %}
    from day_ranks

),

-- Ages of the items in progress at the end of a week, month or increment ---------------------------------------------

last_dates as (

    select distinct last_date
    from grid
    where period_type <> 'day'

),

spells as (

    select
        cells.cell_number,
        wip_spells.started_date,
        wip_spells.entered_date,
        coalesce(wip_spells.left_date, {{ plus_days('as_of_days.as_of_date', 1) }}) as left_date,
        count(*) as n_items
    from wip_spells
    inner join cells
        on wip_spells.team_id = cells.team_id
        and wip_spells.level = cells.level
        and wip_spells.work_type = cells.work_type
    inner join as_of_days on wip_spells.value_stream_id = as_of_days.value_stream_id
    where wip_spells.has_usable_history
    group by
        cells.cell_number, wip_spells.started_date, wip_spells.entered_date,
        coalesce(wip_spells.left_date, {{ plus_days('as_of_days.as_of_date', 1) }})

),

cell_ages as (

    select
        spells.cell_number,
        last_dates.last_date,
        {{ days_from('spells.started_date', 'last_dates.last_date') }} + 1 as age_calendar_days,
        sum(spells.n_items) as n_items
    from spells
    inner join last_dates
        on spells.entered_date <= last_dates.last_date
        and spells.left_date > last_dates.last_date
    group by
        spells.cell_number, last_dates.last_date,
        {{ days_from('spells.started_date', 'last_dates.last_date') }} + 1

),

group_ages as (

    select
        members.group_number,
        cell_ages.last_date,
        cell_ages.age_calendar_days,
        cast(sum(cell_ages.n_items) as bigint) as n_items
    from cell_ages
    inner join unlike_members as members on cell_ages.cell_number = members.cell_number
    group by members.group_number, cell_ages.last_date, cell_ages.age_calendar_days

),

age_ranks as (
    {{ nearest_ranks_of_counts('group_ages', ['group_number', 'last_date'], 'age_calendar_days', [50, 85]) }}
),

cell_cycle_days as (

    select
        cell_number,
        finished_date,
        calendar_days,
        count(*) as n_items
    from times
    where clock = 1
        and calendar_days is not null
    group by cell_number, finished_date, calendar_days

),

-- What finished items took, over the 91 days up to the same day: the yardstick of the ages.
cell_finished_days as (

    select
        cell_cycle_days.cell_number,
        last_dates.last_date,
        cell_cycle_days.calendar_days,
        sum(cell_cycle_days.n_items) as n_items
    from cell_cycle_days
    inner join last_dates
        on cell_cycle_days.finished_date <= last_dates.last_date
        and cell_cycle_days.finished_date >= {{ plus_days('last_dates.last_date', -90) }}
    group by cell_cycle_days.cell_number, last_dates.last_date, cell_cycle_days.calendar_days

),

group_finished_days as (

    select
        members.group_number,
        cell_finished_days.last_date,
        cell_finished_days.calendar_days,
        cast(sum(cell_finished_days.n_items) as bigint) as n_items
    from cell_finished_days
    inner join unlike_members as members on cell_finished_days.cell_number = members.cell_number
    group by members.group_number, cell_finished_days.last_date, cell_finished_days.calendar_days

),

finished_ranks as (
    {{ nearest_ranks_of_counts('group_finished_days', ['group_number', 'last_date'], 'calendar_days', [85]) }}
),

ages as (

    select
        group_ages.group_number,
        group_ages.last_date,
        sum(group_ages.n_items) as n_age,
        sum(case when group_ages.age_calendar_days > finished_ranks.p85 then group_ages.n_items end) as n_over_p85
    from group_ages
    left join finished_ranks
        on group_ages.group_number = finished_ranks.group_number
        and group_ages.last_date = finished_ranks.last_date
    group by group_ages.group_number, group_ages.last_date

),

-- All together -----------------------------------------------------------------------------------------------------

joined as (

    select
        grid.*,
        {%- for measure in measures if measure.startswith('n_') and measure not in ('n_in_progress', 'n_queued') %}
        cast(coalesce(sums.{{ measure }}, 0) as integer) as {{ measure }},
        {%- endfor %}
        -- Mean over the days of the period that have passed; a day before the scope's first item counts as 0.
        cast(coalesce(sums.wip_sum, 0) as double) / grid.n_days as wip_mean,
        cast(coalesce(sums.wip_end, 0) as integer) as wip_end,
        cast(coalesce(sums.queue_sum, 0) as double) / grid.n_days as queue_length_mean,
        cast(coalesce(sums.queue_length_end, 0) as integer) as queue_length_end,
        cast(sums.estimate_millionths as double) / 1000000.0 as estimate_sum,
        {%- for part in ['cycle_time', 'flow_time', 'rework', 'active', 'wait', 'blocked'] %}
        {{ days_of_microseconds('sums.' ~ part ~ '_microseconds') }} as {{ part }}_elapsed_days{{ ',' if not loop.last }}
        {%- endfor %}
    from grid
    left join sums
        on grid.group_number = sums.group_number
        and grid.period_number = sums.period_number

)

select
    joined.scope_type,
    joined.scope_id,
    joined.scope_name,
    joined.value_stream_id,
    joined.level,
    joined.work_type,
    joined.period_type,
    joined.period_id,
    joined.period_start,
    joined.period_end,
    joined.is_complete,
    joined.n_created,
    joined.n_started,
    joined.n_finished,
    joined.n_cancelled,
    joined.n_reopened,
    joined.n_finished_reopened,
    joined.n_estimated,
    case
        when joined.n_finished = 0 then 0.0
        when joined.n_estimated > 0 then joined.estimate_sum
    end as velocity_points,
    joined.wip_mean,
    joined.wip_end,
    joined.queue_length_mean,
    joined.queue_length_end,
    {%- for clock in clocks %}
    joined.n_{{ clock }},
    {%- for share in [50, 70, 85, 95] %}
    cast(ranks.p{{ share }}_{{ clock }}_calendar_days as integer) as p{{ share }}_{{ clock }}_calendar_days,
    {%- endfor %}
    medians.p50_{{ clock }}_elapsed_days,
    {%- if clock == 'cycle_time' %}
    medians.p85_cycle_time_elapsed_days,
    {%- endif %}
    {%- endfor %}
    joined.n_finished - joined.n_cycle_time as n_undefined_start,
    joined.active_elapsed_days,
    joined.wait_elapsed_days,
    joined.blocked_elapsed_days,
    {%- for part, name in [('active', 'flow_efficiency'), ('blocked', 'blocked_share')] %}
    joined.{{ part }}_elapsed_days
    / nullif(joined.active_elapsed_days + joined.wait_elapsed_days + joined.blocked_elapsed_days, 0) as {{ name }},
    {%- endfor %}
    joined.n_flow_efficiency,
    joined.rework_elapsed_days,
    joined.rework_elapsed_days / nullif(joined.flow_time_elapsed_days, 0) as rework_share,
    case when joined.period_type <> 'day' then cast(coalesce(ages.n_age, 0) as integer) end as n_age,
    case when joined.period_type <> 'day' then cast(age_ranks.p50 as integer) end as p50_age_calendar_days,
    case when joined.period_type <> 'day' then cast(age_ranks.p85 as integer) end as p85_age_calendar_days,
    case when joined.period_type <> 'day' then cast(finished_ranks.p85 as integer) end
        as p85_finished_cycle_time_calendar_days,
    case
        when joined.period_type <> 'day' and finished_ranks.p85 is not null
            then cast(coalesce(ages.n_over_p85, 0) as integer)
    end as n_over_p85,
    case
        when joined.period_type in ('month', 'increment')
            and joined.is_complete
            and joined.n_cycle_time >= 5
            and joined.wip_mean > 0
            then 1 - (
                cast(joined.n_finished as double) / joined.n_days * joined.cycle_time_elapsed_days / joined.n_cycle_time
            ) / joined.wip_mean
    end as littles_law_residual,
    cast(joined.n_usable_history as double) / nullif(joined.n_finished, 0) as usable_history_share
from joined
left join ranks
    on joined.like_number = ranks.group_number
    and joined.period_number = ranks.period_number
left join medians
    on joined.like_number = medians.group_number
    and joined.period_number = medians.period_number
left join ages
    on joined.like_number = ages.group_number
    and joined.last_date = ages.last_date
left join age_ranks
    on joined.like_number = age_ranks.group_number
    and joined.last_date = age_ranks.last_date
left join finished_ranks
    on joined.like_number = finished_ranks.group_number
    and joined.last_date = finished_ranks.last_date
