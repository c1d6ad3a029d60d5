with interventions as (

    select * from {{ ref('dim_intervention_metrics') }}

),

flow_weeks as (

    select * from {{ ref('mart_flow_metrics') }} where period_type = 'week' and work_type = 'all'

),

stage_weeks as (

    select * from {{ ref('mart_stage_metrics') }} where scope_type = 'value_stream'

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
        end as value,
        case interventions.metric
            when 'cycle_time' then flow_weeks.n_cycle_time
            when 'flow_time' then flow_weeks.n_flow_time
            when 'lead_time' then flow_weeks.n_lead_time
            when 'throughput' then flow_weeks.n_finished
            when 'wip' then flow_weeks.wip_end
            when 'flow_efficiency' then flow_weeks.n_flow_efficiency
        end as n_items,
        -- The two parts of a share, so that its limits can allow for the size of each week.
        case
            when interventions.metric = 'flow_efficiency' and flow_weeks.flow_efficiency is not null
                then flow_weeks.active_elapsed_days
        end as numerator,
        case
            when interventions.metric = 'flow_efficiency' and flow_weeks.flow_efficiency is not null
                then flow_weeks.active_elapsed_days + flow_weeks.wait_elapsed_days + flow_weeks.blocked_elapsed_days
        end as denominator
    from interventions
    inner join flow_weeks
        on interventions.scope_type = flow_weeks.scope_type
        and interventions.scope_id = flow_weeks.scope_id
        and interventions.level = flow_weeks.level
    where interventions.metric in ('cycle_time', 'flow_time', 'lead_time', 'throughput', 'wip', 'flow_efficiency')

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

weekly as (

    select * from flow_values
    union all
    select * from stage_values

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
