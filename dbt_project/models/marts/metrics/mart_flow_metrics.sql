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
    {{ reporting_scopes() }}
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

-- The portfolio has got as far as the value stream where it is earliest: a day that has not begun everywhere would
-- count the work of the others only, and a week that is not over everywhere would still change.
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

{{ flow_time_steps(clocks) }},

{{ flow_age_steps() }},

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
        {{ days_of_microseconds('sums.' ~ part ~ '_microseconds') }}
            as {{ part }}_elapsed_days{{ ',' if not loop.last }}
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
                cast(joined.n_finished as double) / joined.n_days
                * (joined.cycle_time_elapsed_days / joined.n_cycle_time)
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
