-- SAFe's predictability measure: actual over planned business value. Stretch objectives add to the actual value only.
-- It rolls up by summing, as SAFe does, so a team with more at stake weighs more.
with objectives as (

    select * from {{ ref('fct_objectives') }}

),

value_streams as (

    select * from {{ ref('dim_value_streams') }}

),

sources as (

    select max(as_of) as as_of from {{ ref('dim_sources') }}

),

increments as (

    select * from {{ ref('dim_increments') }}

),

planned as (

    select distinct increment_id from objectives

),

placed as (

    select
        'portfolio' as scope_type,
        'portfolio' as scope_id,
        objectives.*
    from objectives

    union all

    select
        'value_stream' as scope_type,
        value_stream_id as scope_id,
        objectives.*
    from objectives

    union all

    select
        'train' as scope_type,
        train_id as scope_id,
        objectives.*
    from objectives

    union all

    select
        'team' as scope_type,
        team_id as scope_id,
        objectives.*
    from objectives

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
    from {{ ref('dim_teams') }}

),

scopes as (

    select
        scope_names.*,
        value_streams.timezone,
        first_increments.first_date
    from scope_names
    inner join (
        select
            scope_type,
            scope_id,
            min(increment_start_date) as first_date
        from placed
        group by scope_type, scope_id
    ) as first_increments
        on scope_names.scope_type = first_increments.scope_type
        and scope_names.scope_id = first_increments.scope_id
    inner join value_streams
        on coalesce(scope_names.value_stream_id, 'unassigned') = value_streams.value_stream_id

),

-- An increment of which nothing is planned by anybody is no row: nobody kept the register then.
grid as (

    select
        scopes.*,
        increments.increment_id,
        increments.start_date,
        increments.end_date,
        cast({{ plus_days('increments.end_date', 1) }} as timestamp)
        <= {{ local_time('sources.as_of', 'scopes.timezone') }} as is_complete
    from scopes
    cross join sources
    inner join increments on increments.start_date >= scopes.first_date
    inner join planned on increments.increment_id = planned.increment_id

),

summed as (

    select
        scope_type,
        scope_id,
        increment_id,
        count(*) as n_objectives,
        count(case when is_committed then 1 end) as n_committed,
        count(actual_business_value) as n_rated,
        count(case when is_committed and actual_business_value is null then 1 end) as n_committed_unrated,
        {{ sum_of_seconds('case when is_committed then planned_business_value else 0 end') }}
            as planned_business_value,
        {{ sum_of_seconds('case when not is_committed then planned_business_value else 0 end') }}
            as stretch_business_value,
        {{ sum_of_seconds('actual_business_value') }} as actual_business_value,
        {{ sum_of_seconds('case when is_committed then actual_business_value end') }}
            as committed_actual_business_value
    from placed
    group by scope_type, scope_id, increment_id

)

select
    grid.scope_type,
    grid.scope_id,
    grid.scope_name,
    grid.value_stream_id,
    grid.increment_id,
    grid.start_date as period_start,
    grid.end_date as period_end,
    grid.is_complete,
    cast(coalesce(summed.n_objectives, 0) as integer) as n_objectives,
    cast(coalesce(summed.n_committed, 0) as integer) as n_committed,
    cast(coalesce(summed.n_rated, 0) as integer) as n_rated,
    coalesce(summed.planned_business_value, 0) as planned_business_value,
    coalesce(summed.stretch_business_value, 0) as stretch_business_value,
    summed.actual_business_value,
    summed.committed_actual_business_value,
    case
        when summed.n_committed_unrated = 0
            then summed.actual_business_value / nullif(summed.planned_business_value, 0)
    end as predictability
from grid
left join summed
    on grid.scope_type = summed.scope_type
    and grid.scope_id = summed.scope_id
    and grid.increment_id = summed.increment_id
