{# CTEs of mart_flow_metrics: ages of the items in progress at the end of a week, month or increment, and what finished
   items took up to then. They end in `ages`, `age_ranks` and `finished_ranks`, by group_number and last_date.

   Read `wip_spells`, `as_of_days`, `cells`, `unlike_members`, `grid` and `times` (flow_time_steps). #}
{% macro flow_age_steps() %}
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

)
{%- endmacro %}
