-- Items in progress are held against the items of their value stream and level that were finished in the 91 days up to
-- and including as_of: by their whole cycle time, and by the age at which those left the stage that the item is in.
with items as (

    select * from {{ ref('fct_work_items') }}
    where is_counted

),

visits as (

    select * from {{ ref('fct_stage_visits') }}

),

spells as (

    select * from {{ ref('fct_blocked_spells') }}
    where is_open

),

as_of_days as (

    select
        value_streams.value_stream_id,
        value_streams.value_stream_name,
        value_streams.timezone,
        sources.as_of,
        {{ local_date('sources.as_of', 'value_streams.timezone') }} as as_of_date
    from {{ ref('dim_value_streams') }} as value_streams
    cross join (
        select max(as_of) as as_of from {{ ref('dim_sources') }}
    ) as sources

),

in_progress as (

    select
        items.*,
        as_of_days.value_stream_name,
        as_of_days.as_of,
        as_of_days.as_of_date,
        {{ local_date('items.current_stage_entered_at', 'as_of_days.timezone') }} as current_stage_entered_date
    from items
    inner join as_of_days on items.value_stream_id = as_of_days.value_stream_id
    where items.is_in_progress

),

finished as (

    select
        items.work_item_id,
        items.value_stream_id,
        items.level,
        items.started_date,
        items.cycle_time_calendar_days
    from items
    inner join as_of_days on items.value_stream_id = as_of_days.value_stream_id
    where items.cycle_time_calendar_days is not null
        and items.finished_date > {{ plus_days('as_of_days.as_of_date', -91) }}
        and items.finished_date <= as_of_days.as_of_date

),

cycle_times as (

    select
        value_stream_id,
        level,
        cast(count(*) as integer) as n_finished,
        {{ nearest_rank('cycle_time_calendar_days', 0.85) }} as p85_cycle_time_calendar_days
    from finished
    group by value_stream_id, level

),

-- How many took no longer, looked up once for each age that occurs.
counts_by_days as (

    select
        value_stream_id,
        level,
        cycle_time_calendar_days,
        count(*) as n_items
    from finished
    group by value_stream_id, level, cycle_time_calendar_days

),

ages as (

    select distinct
        value_stream_id,
        level,
        age_calendar_days
    from in_progress
    where age_calendar_days is not null

),

no_longer as (

    select
        ages.value_stream_id,
        ages.level,
        ages.age_calendar_days,
        sum(counts_by_days.n_items) as n_no_longer
    from ages
    inner join counts_by_days
        on ages.value_stream_id = counts_by_days.value_stream_id
        and ages.level = counts_by_days.level
        and ages.age_calendar_days >= counts_by_days.cycle_time_calendar_days
    group by ages.value_stream_id, ages.level, ages.age_calendar_days

),

-- The last time it left the stage; one that it left for good before it was started tells of no age.
passages as (

    select
        finished.work_item_id,
        finished.value_stream_id,
        finished.level,
        visits.stage_id,
        {{ calendar_days('finished.started_date', 'max(visits.exited_date)') }} as age_at_leaving_calendar_days
    from finished
    inner join visits on finished.work_item_id = visits.work_item_id
    where not visits.is_after_end
    group by
        finished.work_item_id, finished.value_stream_id, finished.level, finished.started_date, visits.stage_id

),

stage_ages as (

    select
        value_stream_id,
        level,
        stage_id,
        cast(count(age_at_leaving_calendar_days) as integer) as n_passed_stage,
        {{ nearest_rank('age_at_leaving_calendar_days', 0.85) }} as p85_age_at_leaving_calendar_days
    from passages
    group by value_stream_id, level, stage_id

),

-- Of several open spells the oldest that has a reason.
reasons as (

    select
        work_item_id,
        blocked_kind,
        reason,
        min(started_at) over (partition by work_item_id) as blocked_since_at,
        row_number() over (
            partition by work_item_id order by case when reason is null then 1 else 0 end, started_at, blocked_spell_id
        ) as preference
    from spells

),

compared as (

    select
        in_progress.*,
        stages.stage_name,
        stages.stage_kind,
        stages.position as stage_position,
        teams.team_name,
        parents.item_key as parent_key,
        parents.title as parent_title,
        reasons.blocked_kind,
        reasons.reason as blocked_reason,
        reasons.blocked_since_at,
        {{ calendar_days('in_progress.current_stage_entered_date', 'in_progress.as_of_date') }}
            as stage_age_calendar_days,
        coalesce(cycle_times.n_finished, 0) as n_finished,
        cycle_times.p85_cycle_time_calendar_days,
        case
            when cycle_times.n_finished >= 5 and in_progress.age_calendar_days is not null
                then coalesce(no_longer.n_no_longer, 0) * 1.0 / cycle_times.n_finished
        end as age_percentile,
        in_progress.age_calendar_days > cycle_times.p85_cycle_time_calendar_days as is_over_p85,
        coalesce(stage_ages.n_passed_stage, 0) as n_passed_stage,
        stage_ages.p85_age_at_leaving_calendar_days,
        in_progress.age_calendar_days > stage_ages.p85_age_at_leaving_calendar_days as is_at_risk
    from in_progress
    inner join {{ ref('dim_teams') }} as teams on in_progress.team_id = teams.team_id
    left join {{ ref('dim_stages') }} as stages on in_progress.current_stage_id = stages.stage_id
    left join {{ ref('fct_work_items') }} as parents on in_progress.parent_work_item_id = parents.work_item_id
    left join reasons
        on in_progress.work_item_id = reasons.work_item_id
        and reasons.preference = 1
    left join cycle_times
        on in_progress.value_stream_id = cycle_times.value_stream_id
        and in_progress.level = cycle_times.level
    left join no_longer
        on in_progress.value_stream_id = no_longer.value_stream_id
        and in_progress.level = no_longer.level
        and in_progress.age_calendar_days = no_longer.age_calendar_days
    left join stage_ages
        on in_progress.value_stream_id = stage_ages.value_stream_id
        and in_progress.level = stage_ages.level
        and in_progress.current_stage_id = stage_ages.stage_id

),

judged as (

    select
        *,
        case
            when is_over_p85 and is_blocked then 'late and blocked'
            when is_over_p85 then 'late'
            when is_at_risk and is_blocked then 'at risk and blocked'
            when is_at_risk then 'at risk'
            when is_blocked then 'blocked'
            else 'on its way'
        end as attention
    from compared

)

select
    work_item_id,
    source_id,
    item_key,
    title,
    web_url,
    value_stream_id,
    value_stream_name,
    train_id,
    team_id,
    team_name,
    level,
    work_type,
    parent_work_item_id,
    parent_key,
    parent_title,
    iteration_id,
    estimate,
    current_stage_id as stage_id,
    stage_name,
    stage_kind,
    stage_position,
    current_stage_entered_at as stage_entered_at,
    started_at,
    has_usable_history,
    age_calendar_days,
    stage_age_calendar_days,
    n_finished,
    p85_cycle_time_calendar_days,
    age_percentile,
    is_over_p85,
    n_passed_stage,
    p85_age_at_leaving_calendar_days,
    is_at_risk,
    is_blocked,
    blocked_kind,
    blocked_reason,
    blocked_since_at,
    n_backward_moves,
    attention,
    cast(row_number() over (
        order by
            case attention
                when 'late and blocked' then 1
                when 'late' then 2
                when 'at risk and blocked' then 3
                when 'at risk' then 4
                when 'blocked' then 5
                else 6
            end,
            age_calendar_days * 1.0 / p85_cycle_time_calendar_days desc nulls last,
            age_calendar_days desc nulls last,
            work_item_id
    ) as integer) as attention_rank
from judged
