-- DORA's four measures of every scope and period. Deployments, changes and incidents are placed in their scopes once,
-- then counted by period.
with deployments as (

    select * from {{ ref('fct_deployments') }} where is_production and result in ('success', 'failure')

),

changes as (

    select * from {{ ref('fct_pull_requests') }} where deployed_date is not null

),

incidents as (

    select * from {{ ref('fct_incidents') }}

),

sources as (

    select max(as_of) as as_of from {{ ref('dim_sources') }}

),

-- Events of all kinds: what counts on which day.
events as (

    select
        'deployment' as event_kind,
        value_stream_id,
        train_id,
        team_id,
        project,
        deployed_date as event_date,
        is_failed,
        n_incidents > 0 as has_incident,
        cast(null as double) as elapsed_hours
    from deployments

    union all

    select
        'recovery' as event_kind,
        value_stream_id,
        train_id,
        team_id,
        project,
        deployed_date as event_date,
        true as is_failed,
        cast(null as boolean) as has_incident,
        recovery_elapsed_hours as elapsed_hours
    from deployments
    where recovery_elapsed_hours is not null

    union all

    select
        'change' as event_kind,
        value_stream_id,
        train_id,
        team_id,
        project,
        deployed_date as event_date,
        cast(null as boolean) as is_failed,
        cast(null as boolean) as has_incident,
        change_lead_time_elapsed_hours as elapsed_hours
    from changes

    union all

    select
        'incident' as event_kind,
        value_stream_id,
        train_id,
        team_id,
        service as project,
        opened_date as event_date,
        cast(null as boolean) as is_failed,
        cast(null as boolean) as has_incident,
        cast(null as double) as elapsed_hours
    from incidents

    union all

    select
        'restoration' as event_kind,
        value_stream_id,
        train_id,
        team_id,
        service as project,
        resolved_date as event_date,
        cast(null as boolean) as is_failed,
        cast(null as boolean) as has_incident,
        time_to_restore_elapsed_hours as elapsed_hours
    from incidents
    where resolved_date is not null

),

placed as (

    select
        'portfolio' as scope_type,
        'portfolio' as scope_id,
        events.*
    from events

    union all

    select
        'value_stream' as scope_type,
        value_stream_id as scope_id,
        events.*
    from events

    union all

    select
        'train' as scope_type,
        train_id as scope_id,
        events.*
    from events
    where train_id is not null

    union all

    select
        'team' as scope_type,
        team_id as scope_id,
        events.*
    from events

    union all

    select
        'project' as scope_type,
        project as scope_id,
        events.*
    from events
    where project is not null

),

scope_names as (

    select
        'value_stream' as scope_type,
        value_stream_id as scope_id,
        value_stream_name as scope_name,
        value_stream_id
    from {{ ref('dim_value_streams') }}

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
    from {{ ref('dim_teams') }}

),

scopes as (

    select
        placed.scope_type,
        placed.scope_id,
        coalesce(
            scope_names.scope_name, case placed.scope_type when 'portfolio' then 'Portfolio' else placed.scope_id end
        ) as scope_name,
        scope_names.value_stream_id,
        min(placed.event_date) as first_date
    from placed
    left join scope_names
        on placed.scope_type = scope_names.scope_type
        and placed.scope_id = scope_names.scope_id
    group by placed.scope_type, placed.scope_id, scope_names.scope_name, scope_names.value_stream_id

),

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

grid as (

    select
        scopes.*,
        periods.period_type,
        periods.period_id,
        periods.period_start,
        periods.period_end,
        as_of_days.as_of_date,
        cast({{ plus_days('periods.period_end', 1) }} as timestamp) <= as_of_days.as_of_local
        and periods.period_start >= scopes.first_date as is_complete
    from scopes
    inner join as_of_days on coalesce(scopes.value_stream_id, 'unassigned') = as_of_days.value_stream_id
    inner join periods
        on periods.period_end >= scopes.first_date
        and periods.period_start <= as_of_days.as_of_date

),

counted as (

    select
        grid.scope_type,
        grid.scope_id,
        grid.period_type,
        grid.period_start,
        count(case when placed.event_kind = 'deployment' then 1 end) as n_deployments,
        count(case when placed.event_kind = 'deployment' and placed.is_failed then 1 end) as n_failed_deployments,
        count(case when placed.event_kind = 'deployment' and placed.has_incident then 1 end)
            as n_deployments_with_incident,
        count(case when placed.event_kind = 'change' then 1 end) as n_changes,
        count(case when placed.event_kind = 'incident' then 1 end) as n_incidents,
        {%- for kind, name in [
            ('change', 'change_lead_time'), ('recovery', 'deployment_recovery'), ('restoration', 'time_to_restore')
        ] %}
        count(case when placed.event_kind = '{{ kind }}' then placed.elapsed_hours end) as n_{{ name }},
        {%- for share in [50, 85] %}
        {{ nearest_rank('placed.elapsed_hours', share / 100, "placed.event_kind = '" ~ kind ~ "'") }}
            as p{{ share }}_{{ name }}_elapsed_hours{{ ',' if not (loop.last and kind == 'restoration') }}
        {%- endfor %}
        {%- endfor %}
    from grid
    inner join placed
        on grid.scope_type = placed.scope_type
        and grid.scope_id = placed.scope_id
        and placed.event_date >= grid.period_start
        and placed.event_date <= grid.period_end
    group by grid.scope_type, grid.scope_id, grid.period_type, grid.period_start

)

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
    cast(coalesce(counted.n_deployments, 0) as integer) as n_deployments,
    -- Over the days of the period that have passed.
    cast(coalesce(counted.n_deployments, 0) as double) * 7.0
    / ({{ days_from('grid.period_start', 'least(grid.period_end, grid.as_of_date)') }} + 1) as deployments_per_week,
    cast(coalesce(counted.n_failed_deployments, 0) as integer) as n_failed_deployments,
    cast(counted.n_failed_deployments as double) / nullif(counted.n_deployments, 0) as change_failure_share,
    cast(coalesce(counted.n_deployments_with_incident, 0) as integer) as n_deployments_with_incident,
    cast(counted.n_deployments_with_incident as double) / nullif(counted.n_deployments, 0) as incident_linked_share,
    cast(coalesce(counted.n_changes, 0) as integer) as n_changes,
    cast(coalesce(counted.n_change_lead_time, 0) as integer) as n_change_lead_time,
    counted.p50_change_lead_time_elapsed_hours,
    counted.p85_change_lead_time_elapsed_hours,
    cast(coalesce(counted.n_deployment_recovery, 0) as integer) as n_deployment_recovery,
    counted.p50_deployment_recovery_elapsed_hours,
    counted.p85_deployment_recovery_elapsed_hours,
    cast(coalesce(counted.n_incidents, 0) as integer) as n_incidents,
    cast(coalesce(counted.n_time_to_restore, 0) as integer) as n_time_to_restore,
    counted.p50_time_to_restore_elapsed_hours,
    counted.p85_time_to_restore_elapsed_hours
from grid
left join counted
    on grid.scope_type = counted.scope_type
    and grid.scope_id = counted.scope_id
    and grid.period_type = counted.period_type
    and grid.period_start = counted.period_start
