with refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

)

select
    events.intervention_id,
    interventions.value_stream_id,
    events.event_date,
    events.practice,
    events.is_followed
from {{ ref('stg_portfolio__practice_events') }} as events
inner join {{ ref('dim_interventions') }} as interventions
    on events.intervention_id = interventions.intervention_id
inner join {{ ref('stg_portfolio__value_streams') }} as value_streams
    on interventions.value_stream_id = value_streams.value_stream_id
cross join refresh
-- What became of a practice is not known before its day, whatever the register says by now.
where {{ start_of_day('events.event_date', 'value_streams.timezone') }} <= refresh.as_of
