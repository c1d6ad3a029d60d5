with refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

)

select
    objectives.increment_id,
    objectives.team_id,
    teams.train_id,
    teams.value_stream_id,
    objectives.objective_id,
    objectives.objective,
    increments.start_date as increment_start_date,
    increments.end_date as increment_end_date,
    objectives.is_committed,
    objectives.planned_business_value,
    -- What an increment brought was not known before it began, whatever the register says by now.
    case
        when {{ start_of_day('increments.start_date', 'value_streams.timezone') }} <= refresh.as_of
            then objectives.actual_business_value
    end as actual_business_value
from {{ ref('stg_portfolio__objectives') }} as objectives
inner join {{ ref('stg_portfolio__increments') }} as increments
    on objectives.increment_id = increments.increment_id
inner join {{ ref('stg_portfolio__teams') }} as teams
    on objectives.team_id = teams.team_id
inner join {{ ref('stg_portfolio__value_streams') }} as value_streams
    on teams.value_stream_id = value_streams.value_stream_id
cross join refresh
