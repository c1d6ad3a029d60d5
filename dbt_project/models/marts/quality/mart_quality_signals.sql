{%- set severities = ['critical', 'high', 'medium', 'low'] -%}
{#- What is counted on a day, and what stands at its end (events of +1 and -1, or minutes). -#}
{%- set flows = [
    'defects_created', 'escaped_defects', 'safety_defects', 'defects_finished', 'defects_cancelled', 'findings_opened',
    'findings_closed',
] -%}
{%- set stocks = [
    'defects_open', 'safety_defects_open', 'vulnerabilities_open_critical', 'vulnerabilities_open_high',
    'vulnerabilities_open_medium', 'vulnerabilities_open_low', 'vulnerabilities_open_other', 'safety_findings_open',
    'debt_findings_open', 'debt_findings_estimated', 'debt_minutes_open',
] -%}
-- Quality of every scope and period. What happens on a day is summed; what stands at the end of a day is cumulated from
-- what came and went, by team and day first: small tables are placed in scopes and periods, not defects.
with defects as (

    select * from {{ ref('fct_defects') }}

),

visits as (

    select
        visits.work_item_id,
        visits.team_id,
        visits.visit_sequence,
        visits.stage_kind,
        visits.entered_date,
        visits.exited_date,
        visits.is_finishing,
        visits.is_after_end,
        defects.is_finished,
        defects.is_cancelled,
        defects.is_escaped,
        defects.is_safety
    from {{ ref('fct_stage_visits') }} as visits
    inner join defects on visits.work_item_id = defects.work_item_id

),

-- One that was closed nobody knows when was found on its day, and is in no count of what was open.
findings as (

    select
        *,
        is_open or closed_date is not null as is_dated,
        case
            when finding_type = 'vulnerability' and severity in ('critical', 'high', 'medium', 'low')
                then 'vulnerabilities_open_' || severity
            when finding_type = 'vulnerability' then 'vulnerabilities_open_other'
            when finding_type = 'safety' then 'safety_findings_open'
            when finding_type = 'debt' then 'debt_findings_open'
        end as stock
    from {{ ref('fct_quality_findings') }}

),

teams as (

    select * from {{ ref('dim_teams') }}

),

value_streams as (

    select * from {{ ref('dim_value_streams') }}

),

sources as (

    select max(as_of) as as_of from {{ ref('dim_sources') }}

),

-- A defect counts for the team it was with at each moment; a team that takes one over takes it with its next stage.
events as (

    select
        team_id,
        entered_date as event_date,
        'defects_created' as measure,
        1.0 as amount
    from visits
    where visit_sequence = 1

    union all

    select
        team_id,
        entered_date as event_date,
        'escaped_defects' as measure,
        1.0 as amount
    from visits
    where visit_sequence = 1 and is_escaped

    union all

    select
        team_id,
        entered_date as event_date,
        'safety_defects' as measure,
        1.0 as amount
    from visits
    where visit_sequence = 1 and is_safety

    union all

    select
        team_id,
        entered_date as event_date,
        case when is_cancelled then 'defects_cancelled' else 'defects_finished' end as measure,
        1.0 as amount
    from visits
    where is_finishing and (is_finished or is_cancelled)

    union all

    select
        team_id,
        entered_date as event_date,
        'defects_open' as measure,
        1.0 as amount
    from visits
    where stage_kind <> 'done' and not is_after_end

    union all

    select
        team_id,
        exited_date as event_date,
        'defects_open' as measure,
        -1.0 as amount
    from visits
    where stage_kind <> 'done' and not is_after_end and exited_date is not null

    union all

    select
        team_id,
        entered_date as event_date,
        'safety_defects_open' as measure,
        1.0 as amount
    from visits
    where stage_kind <> 'done' and not is_after_end and is_safety

    union all

    select
        team_id,
        exited_date as event_date,
        'safety_defects_open' as measure,
        -1.0 as amount
    from visits
    where stage_kind <> 'done' and not is_after_end and is_safety and exited_date is not null

    union all

    select
        team_id,
        opened_date as event_date,
        'findings_opened' as measure,
        1.0 as amount
    from findings

    union all

    select
        team_id,
        closed_date as event_date,
        'findings_closed' as measure,
        1.0 as amount
    from findings
    where not is_open and closed_date is not null

    union all

    select
        team_id,
        opened_date as event_date,
        stock as measure,
        1.0 as amount
    from findings
    where is_dated and stock is not null

    union all

    select
        team_id,
        closed_date as event_date,
        stock as measure,
        -1.0 as amount
    from findings
    where is_dated and stock is not null and not is_open

    {%- for measure, amount in [
        ('debt_findings_estimated', '1.0'), ('debt_minutes_open', 'effort_minutes')
    ] %}

    union all

    select
        team_id,
        opened_date as event_date,
        '{{ measure }}' as measure,
        {{ amount }} as amount
    from findings
    where is_dated and finding_type = 'debt' and effort_minutes is not null

    union all

    select
        team_id,
        closed_date as event_date,
        '{{ measure }}' as measure,
        -1.0 * {{ amount }} as amount
    from findings
    where is_dated and finding_type = 'debt' and effort_minutes is not null and not is_open
    {%- endfor %}

),

team_days as (

    select
        events.team_id,
        teams.train_id,
        teams.value_stream_id,
        events.event_date,
        {%- for measure in flows + stocks %}
        sum(case when events.measure = '{{ measure }}' then cast(round(events.amount * 1000000.0) as bigint) else 0 end)
            as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from events
    inner join teams on events.team_id = teams.team_id
    group by events.team_id, teams.train_id, teams.value_stream_id, events.event_date

),

-- From when on a team's items and its code are looked at at all.
team_firsts as (

    select
        teams.team_id,
        teams.train_id,
        teams.value_stream_id,
        firsts.first_item_date,
        firsts.first_finding_date
    from teams
    inner join (
        select
            team_id,
            min(first_item_date) as first_item_date,
            min(first_finding_date) as first_finding_date
        from (
            select
                team_id,
                min(entered_date) as first_item_date,
                cast(null as date) as first_finding_date
            from {{ ref('fct_stage_visits') }}
            group by team_id

            union all

            select
                team_id,
                cast(null as date) as first_item_date,
                min(opened_date) as first_finding_date
            from findings
            group by team_id
        ) as either
        group by team_id
    ) as firsts
        on teams.team_id = firsts.team_id

),

scope_names as (

    select
        'portfolio' as scope_type,
        'portfolio' as scope_id,
        'Portfolio' as scope_name,
        cast(null as varchar) as value_stream_id

    union all

    select
        'value_stream' as scope_type,
        value_stream_id as scope_id,
        value_stream_name as scope_name,
        value_stream_id
    from value_streams

    union all

    select
        'train' as scope_type,
        train_id as scope_id,
        train_name as scope_name,
        value_stream_id
    from {{ ref('dim_trains') }}

    union all

    select
        'team' as scope_type,
        team_id as scope_id,
        team_name as scope_name,
        value_stream_id
    from teams

),

team_scopes as (

    {{ reporting_scopes() }}

),

scopes as (

    select
        scope_names.*,
        {{ local_date('sources.as_of', 'value_streams.timezone') }} as as_of_date,
        {{ local_time('sources.as_of', 'value_streams.timezone') }} as as_of_local,
        firsts.first_item_date,
        firsts.first_finding_date,
        least(
            coalesce(firsts.first_item_date, firsts.first_finding_date),
            coalesce(firsts.first_finding_date, firsts.first_item_date)
        ) as first_date
    from scope_names
    cross join sources
    inner join (
        select
            team_scopes.scope_type,
            team_scopes.scope_id,
            min(team_firsts.first_item_date) as first_item_date,
            min(team_firsts.first_finding_date) as first_finding_date
        from team_scopes
        inner join team_firsts on team_scopes.team_id = team_firsts.team_id
        group by team_scopes.scope_type, team_scopes.scope_id
    ) as firsts
        on scope_names.scope_type = firsts.scope_type
        and scope_names.scope_id = firsts.scope_id
    inner join value_streams
        on coalesce(scope_names.value_stream_id, 'unassigned') = value_streams.value_stream_id

),

scope_days as (

    select
        team_scopes.scope_type,
        team_scopes.scope_id,
        team_days.event_date,
        {%- for measure in flows + stocks %}
        sum(team_days.{{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from team_days
    inner join team_scopes on team_days.team_id = team_scopes.team_id
    group by team_scopes.scope_type, team_scopes.scope_id, team_days.event_date

),

cumulated as (

    select
        scopes.scope_type,
        scopes.scope_id,
        dates.calendar_date,
        {%- for measure in flows %}
        coalesce(scope_days.{{ measure }}, 0) as {{ measure }},
        {%- endfor %}
        {%- for measure in stocks %}
        sum(coalesce(scope_days.{{ measure }}, 0)) over (
            partition by scopes.scope_type, scopes.scope_id order by dates.calendar_date
            rows between unbounded preceding and current row
        ) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from scopes
    inner join {{ ref('dim_dates') }} as dates
        on dates.calendar_date >= scopes.first_date
        and dates.calendar_date <= scopes.as_of_date
    left join scope_days
        on scopes.scope_type = scope_days.scope_type
        and scopes.scope_id = scope_days.scope_id
        and dates.calendar_date = scope_days.event_date

),

periods as (

    {{ reporting_periods() }}

),

grid as (

    select
        scopes.*,
        periods.period_type,
        periods.period_id,
        periods.period_start,
        periods.period_end,
        least(periods.period_end, scopes.as_of_date) as last_date,
        cast({{ plus_days('periods.period_end', 1) }} as timestamp) <= scopes.as_of_local
        and periods.period_start >= scopes.first_date as is_complete
    from scopes
    inner join periods
        on periods.period_end >= scopes.first_date
        and periods.period_start <= scopes.as_of_date

),

summed as (

    select
        grid.scope_type,
        grid.scope_id,
        grid.period_type,
        grid.period_start,
        {%- for measure in flows %}
        cast(sum(cumulated.{{ measure }}) / 1000000 as integer) as {{ measure }},
        {%- endfor %}
        {%- for measure in stocks %}
        max(case when cumulated.calendar_date = grid.last_date then cumulated.{{ measure }} end) / 1000000.0
            as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from grid
    inner join cumulated
        on grid.scope_type = cumulated.scope_type
        and grid.scope_id = cumulated.scope_id
        and cumulated.calendar_date >= grid.period_start
        and cumulated.calendar_date <= grid.last_date
    group by grid.scope_type, grid.scope_id, grid.period_type, grid.period_start

),

open_vulnerabilities as (

    select
        team_scopes.scope_type,
        team_scopes.scope_id,
        findings.opened_date,
        findings.closed_date
    from findings
    inner join team_scopes on findings.team_id = team_scopes.team_id
    where findings.is_dated and findings.finding_type = 'vulnerability'

),

ages as (

    select
        grid.scope_type,
        grid.scope_id,
        grid.period_type,
        grid.period_start,
        count(*) as n_ages,
        {{ nearest_rank(calendar_days('open_vulnerabilities.opened_date', 'grid.last_date'), 0.5) }} as p50_age,
        {{ nearest_rank(calendar_days('open_vulnerabilities.opened_date', 'grid.last_date'), 0.85) }} as p85_age
    from grid
    inner join open_vulnerabilities
        on grid.scope_type = open_vulnerabilities.scope_type
        and grid.scope_id = open_vulnerabilities.scope_id
        and open_vulnerabilities.opened_date <= grid.last_date
        and (open_vulnerabilities.closed_date is null or open_vulnerabilities.closed_date > grid.last_date)
    group by grid.scope_type, grid.scope_id, grid.period_type, grid.period_start

),

rules as (

    select
        count(is_escaped) > 0 as has_escaped_rule,
        count(is_safety) > 0 as has_safety_rule
    from defects

),

told as (

    select
        grid.scope_type,
        grid.scope_id,
        grid.scope_name,
        grid.value_stream_id,
        grid.period_type,
        grid.period_id,
        grid.period_start,
        grid.period_end,
        grid.is_complete,
        rules.has_escaped_rule,
        rules.has_safety_rule,
        coalesce(grid.period_end >= grid.first_item_date, false) as has_items,
        coalesce(grid.period_end >= grid.first_finding_date, false) as has_scans,
        {%- for measure in flows + stocks %}
        summed.{{ measure }},
        {%- endfor %}
        coalesce(ages.n_ages, 0) as n_ages,
        ages.p50_age,
        ages.p85_age
    from grid
    cross join rules
    inner join summed
        on grid.scope_type = summed.scope_type
        and grid.scope_id = summed.scope_id
        and grid.period_type = summed.period_type
        and grid.period_start = summed.period_start
    left join ages
        on grid.scope_type = ages.scope_type
        and grid.scope_id = ages.scope_id
        and grid.period_type = ages.period_type
        and grid.period_start = ages.period_start

)

select
    scope_type,
    scope_id,
    scope_name,
    value_stream_id,
    period_type,
    period_id,
    period_start,
    period_end,
    is_complete,
    case when has_items then defects_created end as n_defects_created,
    case when has_items then defects_finished end as n_defects_finished,
    case when has_items then defects_cancelled end as n_defects_cancelled,
    cast(case when has_items then defects_open end as integer) as n_defects_open,
    case when has_items and has_escaped_rule then escaped_defects end as n_escaped_defects,
    case
        when has_items and has_escaped_rule then cast(escaped_defects as double) / nullif(defects_created, 0)
    end as escaped_defect_share,
    case when has_items and has_safety_rule then safety_defects end as n_safety_defects,
    cast(case when has_items and has_safety_rule then safety_defects_open end as integer) as n_safety_defects_open,
    case when has_scans then findings_opened end as n_findings_opened,
    case when has_scans then findings_closed end as n_findings_closed,
    {%- for severity in severities %}
    cast(case when has_scans then vulnerabilities_open_{{ severity }} end as integer)
        as n_vulnerabilities_open_{{ severity }},
    {%- endfor %}
    cast(case when has_scans then n_ages end as integer) as n_vulnerability_age,
    p50_age as p50_vulnerability_age_calendar_days,
    p85_age as p85_vulnerability_age_calendar_days,
    cast(case when has_scans then safety_findings_open end as integer) as n_safety_findings_open,
    cast(case when has_scans then debt_findings_open end as integer) as n_debt_findings_open,
    cast(case when has_scans then debt_findings_estimated end as integer) as n_debt_findings_estimated,
    cast(case
        when has_scans and (debt_findings_estimated > 0 or debt_findings_open = 0) then debt_minutes_open / 60.0
    end as double) as debt_effort_hours
from told
