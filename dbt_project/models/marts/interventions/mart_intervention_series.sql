with interventions as (

    select * from {{ ref('dim_intervention_metrics') }}

),

flow_weeks as (

    select * from {{ ref('mart_flow_metrics') }} where period_type = 'week' and work_type = 'all'

),

stage_weeks as (

    select * from {{ ref('mart_stage_metrics') }} where scope_type = 'value_stream'

),

quality_weeks as (

    select * from {{ ref('mart_quality_signals') }} where period_type = 'week'

),

delivery_weeks as (

    select * from {{ ref('mart_delivery_performance') }} where period_type = 'week'

),

-- What each metric of the register is in the marts; a stage metric belongs to the stage in its value stream.
flow_values as (

    select
        interventions.intervention_id,
        interventions.metric,
        flow_weeks.period_start as week_start,
        flow_weeks.is_complete,
        case interventions.metric
            when 'cycle_time' then flow_weeks.p50_cycle_time_elapsed_days
            when 'flow_time' then flow_weeks.p50_flow_time_elapsed_days
            when 'lead_time' then flow_weeks.p50_lead_time_elapsed_days
            when 'throughput' then cast(flow_weeks.n_finished as double)
            when 'wip' then flow_weeks.wip_mean
            when 'flow_efficiency' then flow_weeks.flow_efficiency
            when 'blocked_share' then flow_weeks.blocked_share
            when 'rework_share' then flow_weeks.rework_share
            when 'reopened_share'
                then cast(flow_weeks.n_finished_reopened as double) / nullif(flow_weeks.n_finished, 0)
        end as value,
        case interventions.metric
            when 'cycle_time' then flow_weeks.n_cycle_time
            when 'flow_time' then flow_weeks.n_flow_time
            when 'lead_time' then flow_weeks.n_lead_time
            when 'throughput' then flow_weeks.n_finished
            when 'wip' then flow_weeks.wip_end
            when 'flow_efficiency' then flow_weeks.n_flow_efficiency
            when 'blocked_share' then flow_weeks.n_flow_efficiency
            when 'rework_share' then flow_weeks.n_flow_time
            when 'reopened_share' then flow_weeks.n_finished
        end as n_items,
        -- The two parts of a share, so that its limits can allow for the size of each week.
        case
            when interventions.metric = 'flow_efficiency' and flow_weeks.flow_efficiency is not null
                then flow_weeks.active_elapsed_days
            when interventions.metric = 'blocked_share' and flow_weeks.blocked_share is not null
                then flow_weeks.blocked_elapsed_days
            when interventions.metric = 'reopened_share' and flow_weeks.n_finished > 0
                then cast(flow_weeks.n_finished_reopened as double)
        end as numerator,
        case
            when interventions.metric in ('flow_efficiency', 'blocked_share') and flow_weeks.flow_efficiency is not null
                then flow_weeks.active_elapsed_days + flow_weeks.wait_elapsed_days + flow_weeks.blocked_elapsed_days
            when interventions.metric = 'reopened_share' and flow_weeks.n_finished > 0
                then cast(flow_weeks.n_finished as double)
        end as denominator
    from interventions
    inner join flow_weeks
        on interventions.scope_type = flow_weeks.scope_type
        and interventions.scope_id = flow_weeks.scope_id
        and interventions.level = flow_weeks.level
    where
        interventions.metric in (
            'cycle_time', 'flow_time', 'lead_time', 'throughput', 'wip', 'flow_efficiency', 'blocked_share',
            'rework_share', 'reopened_share'
        )

),

stage_values as (

    select
        interventions.intervention_id,
        interventions.metric,
        stage_weeks.week_start,
        stage_weeks.is_complete,
        case interventions.metric
            when 'stage_time' then stage_weeks.p50_elapsed_days
            when 'stage_wip' then stage_weeks.wip_mean
            when 'stage_departures' then cast(stage_weeks.n_departures as double)
        end as value,
        case interventions.metric
            when 'stage_time' then stage_weeks.n_visits_ended
            when 'stage_wip' then stage_weeks.wip_end
            when 'stage_departures' then stage_weeks.n_departures
        end as n_items,
        cast(null as double) as numerator,
        cast(null as double) as denominator
    from interventions
    inner join stage_weeks
        on interventions.value_stream_id = stage_weeks.value_stream_id
        and interventions.stage_id = stage_weeks.stage_id
        and interventions.level = stage_weeks.level
    where interventions.metric in ('stage_time', 'stage_wip', 'stage_departures')

),

-- Events of a scope, whatever their level: each is counted once, with what it could have happened on beside it.
counted_events as (

    select
        interventions.intervention_id,
        interventions.metric,
        quality_weeks.period_start as week_start,
        quality_weeks.is_complete,
        case interventions.metric
            when 'defects' then quality_weeks.n_defects_created
            when 'escaped_defects' then quality_weeks.n_escaped_defects
            when 'safety_defects' then quality_weeks.n_safety_defects
            when 'escape_rate' then quality_weeks.n_escaped_defects
            when 'defects_per_item' then quality_weeks.n_defects_created
        end as n_events,
        case interventions.metric
            when 'escape_rate' then quality_weeks.n_defects_created
            when 'defects_per_item' then flow_weeks.n_finished
        end as n_possible
    from interventions
    inner join quality_weeks
        on interventions.scope_type = quality_weeks.scope_type
        and interventions.scope_id = quality_weeks.scope_id
    left join flow_weeks
        on interventions.scope_type = flow_weeks.scope_type
        and interventions.scope_id = flow_weeks.scope_id
        and interventions.level = flow_weeks.level
        and quality_weeks.period_start = flow_weeks.period_start
    where
        interventions.metric in ('defects', 'escaped_defects', 'safety_defects', 'escape_rate', 'defects_per_item')

    union all

    select
        interventions.intervention_id,
        interventions.metric,
        delivery_weeks.period_start as week_start,
        delivery_weeks.is_complete,
        case interventions.metric
            when 'deployments' then delivery_weeks.n_deployments
            when 'failed_deployments' then delivery_weeks.n_failed_deployments
            when 'change_failure_share' then delivery_weeks.n_failed_deployments
            when 'incidents' then delivery_weeks.n_incidents
        end as n_events,
        case
            when interventions.metric in ('failed_deployments', 'change_failure_share')
                then delivery_weeks.n_deployments
        end as n_possible
    from interventions
    inner join delivery_weeks
        on interventions.scope_type = delivery_weeks.scope_type
        and interventions.scope_id = delivery_weeks.scope_id
    where interventions.metric in ('deployments', 'failed_deployments', 'change_failure_share', 'incidents')

),

event_values as (

    select
        intervention_id,
        metric,
        week_start,
        is_complete,
        case
            when metric in ('escape_rate', 'defects_per_item', 'change_failure_share')
                then cast(n_events as double) / nullif(n_possible, 0)
            else cast(n_events as double)
        end as value,
        case
            when metric in ('escape_rate', 'defects_per_item', 'change_failure_share') then n_possible
            else n_events
        end as n_items,
        -- Of a share or rate only where it has a size: without one nothing could have happened.
        case
            when metric not in ('escape_rate', 'defects_per_item', 'change_failure_share') or n_possible > 0
                then cast(n_events as double)
        end as numerator,
        cast(nullif(n_possible, 0) as double) as denominator
    from counted_events

),

weekly as (

    select * from flow_values
    union all
    select * from stage_values
    union all
    select * from event_values

),

-- A week belongs to the transition if any of its days does: it holds some of both.
phased as (

    select
        interventions.*,
        weekly.week_start,
        weekly.is_complete,
        weekly.value,
        weekly.n_items,
        weekly.numerator,
        weekly.denominator,
        {{ plus_days('interventions.launched_date', 'interventions.transition_days') }} as transition_end_date,
        case
            when {{ plus_days('weekly.week_start', 6) }} < interventions.launched_date then 'before'
            when weekly.week_start
                < {{ plus_days('interventions.launched_date', 'interventions.transition_days') }} then 'transition'
            else 'after'
        end as phase
    from weekly
    inner join interventions
        on weekly.intervention_id = interventions.intervention_id
        and weekly.metric = interventions.metric

),

ranked as (

    select
        *,
        row_number() over (
            partition by intervention_id, metric, phase, is_complete
            order by week_start desc
        ) as weeks_back
    from phased

)

select
    intervention_id,
    intervention_name,
    metric,
    is_primary,
    case metric
        when 'throughput' then 'items per week'
        when 'stage_departures' then 'items per week'
        when 'wip' then 'items'
        when 'stage_wip' then 'items'
        when 'flow_efficiency' then 'share'
        when 'blocked_share' then 'share'
        when 'rework_share' then 'share'
        when 'reopened_share' then 'share'
        when 'escape_rate' then 'share'
        when 'change_failure_share' then 'share'
        when 'defects_per_item' then 'defects per finished item'
        when 'defects' then 'defects per week'
        when 'escaped_defects' then 'defects per week'
        when 'safety_defects' then 'defects per week'
        when 'deployments' then 'deployments per week'
        when 'failed_deployments' then 'deployments per week'
        when 'incidents' then 'incidents per week'
        else 'elapsed days, median of the week'
    end as unit,
    desired_direction,
    scope_type,
    scope_id,
    value_stream_id,
    stage_id,
    level,
    launched_date,
    transition_end_date,
    hypothesis,
    owner_role,
    projected_change_percent,
    minimum_change_percent,
    kind,
    funded_date,
    cost,
    week_start,
    -- 0 is the week of the launch.
    cast(ceil({{ days_from('launched_date', 'week_start') }} / 7.0) as integer) as week_number,
    phase,
    phase = 'before' and is_complete and weeks_back <= 26 as is_baseline,
    is_complete,
    value,
    n_items,
    numerator,
    denominator
from ranked
