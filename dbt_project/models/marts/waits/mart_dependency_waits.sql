-- Three events: a wait that ended counts in the period it ended in, a start after the predecessor's finish in the
-- period of the start (so a closed period never changes), and who waits still in the period that holds as_of.
with dependencies as (

    select * from {{ ref('fct_dependencies') }}

),

as_of_days as (

    select
        value_streams.value_stream_id,
        {{ local_date('sources.as_of', 'value_streams.timezone') }} as as_of_date,
        {{ local_time('sources.as_of', 'value_streams.timezone') }} as as_of_local
    from {{ ref('dim_value_streams') }} as value_streams
    cross join (select max(as_of) as as_of from {{ ref('dim_sources') }}) as sources

),

first_days as (

    select min(calendar_date) as first_date from {{ ref('fct_stage_days') }}

),

periods as (

    {{ reporting_periods() }}

),

period_days as (

    select
        periods.*,
        dates.calendar_date
    from periods
    inner join {{ ref('dim_dates') }} as dates
        on dates.calendar_date >= periods.period_start
        and dates.calendar_date <= periods.period_end

),

events as (

    select
        dependency_id,
        wait_ended_date as calendar_date,
        blocked_elapsed_days as wait_days,
        blocked_in_progress_elapsed_days as wait_in_progress_days,
        cast(null as double) as gap_days,
        cast(null as double) as open_days
    from dependencies
    where wait_ended_date is not null

    union all

    select
        dependency_id,
        start_gap_ended_date as calendar_date,
        cast(null as double) as wait_days,
        cast(null as double) as wait_in_progress_days,
        start_gap_elapsed_days as gap_days,
        cast(null as double) as open_days
    from dependencies
    where start_gap_ended_date is not null

    union all

    select
        dependencies.dependency_id,
        as_of_days.as_of_date as calendar_date,
        cast(null as double) as wait_days,
        cast(null as double) as wait_in_progress_days,
        cast(null as double) as gap_days,
        dependencies.blocked_elapsed_days as open_days
    from dependencies
    inner join as_of_days on dependencies.successor_value_stream_id = as_of_days.value_stream_id
    where dependencies.is_open

),

scope_names as (

    select
        'value_stream' as scope_type,
        value_stream_id as scope_id,
        value_stream_name as scope_name
    from {{ ref('dim_value_streams') }}

    union all

    select
        'train' as scope_type,
        train_id as scope_id,
        train_name as scope_name
    from {{ ref('dim_trains') }}

    union all

    select
        'team' as scope_type,
        team_id as scope_id,
        team_name as scope_name
    from {{ ref('dim_teams') }}

),

pairs as (

    {%- for scope_type in ['value_stream', 'train', 'team'] %}
    select
        dependency_id,
        '{{ scope_type }}' as scope_type,
        predecessor_{{ scope_type }}_id as predecessor_id,
        successor_{{ scope_type }}_id as successor_id
    from dependencies
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

summed as (

    select
        period_days.period_type,
        period_days.period_id,
        period_days.period_start,
        period_days.period_end,
        pairs.scope_type,
        pairs.predecessor_id,
        pairs.successor_id,
        count(events.wait_days) as n_waits,
        {{ sum_of_days('events.wait_days') }} as wait_elapsed_days,
        {{ sum_of_days('events.wait_in_progress_days') }} as wait_in_progress_elapsed_days,
        {{ nearest_rank('events.wait_days', 0.5) }} as p50_wait_elapsed_days,
        {{ nearest_rank('events.wait_days', 0.85) }} as p85_wait_elapsed_days,
        count(events.gap_days) as n_start_gaps,
        {{ sum_of_days('events.gap_days') }} as start_gap_elapsed_days,
        {{ nearest_rank('events.gap_days', 0.5) }} as p50_start_gap_elapsed_days,
        {{ nearest_rank('events.gap_days', 0.85) }} as p85_start_gap_elapsed_days,
        count(events.open_days) as n_open,
        {{ sum_of_days('events.open_days') }} as open_wait_elapsed_days
    from events
    inner join pairs on events.dependency_id = pairs.dependency_id
    inner join period_days on events.calendar_date = period_days.calendar_date
    group by
        period_days.period_type, period_days.period_id, period_days.period_start, period_days.period_end,
        pairs.scope_type, pairs.predecessor_id, pairs.successor_id

),

-- A period is over when it is over in each value stream.
as_of_day as (

    select
        min(as_of_date) as as_of_date,
        min(as_of_local) as as_of_local
    from as_of_days

)

select
    summed.period_type,
    summed.period_id,
    summed.period_start,
    summed.period_end,
    cast({{ plus_days('summed.period_end', 1) }} as timestamp) <= as_of_day.as_of_local
    and summed.period_start >= first_days.first_date as is_complete,
    summed.scope_type,
    summed.predecessor_id,
    predecessors.scope_name as predecessor_name,
    summed.successor_id,
    successors.scope_name as successor_name,
    summed.predecessor_id <> summed.successor_id as is_crossing,
    cast(summed.n_waits as integer) as n_waits,
    coalesce(summed.wait_elapsed_days, 0) as wait_elapsed_days,
    coalesce(summed.wait_in_progress_elapsed_days, 0) as wait_in_progress_elapsed_days,
    summed.p50_wait_elapsed_days,
    summed.p85_wait_elapsed_days,
    cast(summed.n_start_gaps as integer) as n_start_gaps,
    coalesce(summed.start_gap_elapsed_days, 0) as start_gap_elapsed_days,
    summed.p50_start_gap_elapsed_days,
    summed.p85_start_gap_elapsed_days,
    -- Only today's is known of who waits still.
    case
        when summed.n_open > 0 or as_of_day.as_of_date between summed.period_start and summed.period_end
            then cast(summed.n_open as integer)
    end as n_open,
    case
        when summed.n_open > 0 or as_of_day.as_of_date between summed.period_start and summed.period_end
            then coalesce(summed.open_wait_elapsed_days, 0)
    end as open_wait_elapsed_days
from summed
cross join as_of_day
cross join first_days
inner join scope_names as predecessors
    on summed.scope_type = predecessors.scope_type
    and summed.predecessor_id = predecessors.scope_id
inner join scope_names as successors
    on summed.scope_type = successors.scope_type
    and summed.successor_id = successors.scope_id
