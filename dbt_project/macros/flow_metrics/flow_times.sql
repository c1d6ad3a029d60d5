{# CTEs of mart_flow_metrics: percentiles of the times of the items finished in a period. They end in `ranks` (whole
   calendar days) and `medians` (elapsed days), by group_number and period_number.

   Read `items`, `cells`, `unlike_members`, `periods` and `period_days`; `clocks` names the items' times. #}
{% macro flow_time_steps(clocks) %}
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

)
{%- endmacro %}
