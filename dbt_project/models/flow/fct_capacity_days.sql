-- The register holds from a day until the role's next row in the team. The day of as_of counts as far as it has passed.
with capacities as (

    select
        *,
        lead(valid_from) over (partition by team_id, lower(role) order by valid_from, role) as next_valid_from
    from {{ ref('stg_portfolio__capacities') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

places as (

    select
        teams.team_id,
        teams.train_id,
        teams.value_stream_id,
        hours.location_id,
        hours.day_start_hour,
        hours.day_end_hour,
        hours.working_days_per_week,
        {{ local_time('refresh.as_of', 'coalesce(hours.timezone, value_streams.timezone)') }} as as_of_there
    from {{ ref('stg_portfolio__teams') }} as teams
    inner join {{ ref('stg_portfolio__hours') }} as hours on teams.location_id = hours.location_id
    inner join {{ ref('stg_portfolio__value_streams') }} as value_streams
        on teams.value_stream_id = value_streams.value_stream_id
    cross join refresh

),

days as (

    select
        capacities.*,
        places.train_id,
        places.value_stream_id,
        places.location_id,
        working_days.calendar_date,
        working_days.is_working_day,
        working_days.is_working_weekday,
        capacities.headcount * capacities.hours_per_week / places.working_days_per_week as contract_hours,
        case
            when working_days.calendar_date < cast(places.as_of_there as date) then 1.0
            else least(
                greatest({{ hours_of_day('places.as_of_there') }} - places.day_start_hour, 0.0)
                / (places.day_end_hour - places.day_start_hour),
                1.0
            )
        end as passed_share
    from capacities
    inner join places on capacities.team_id = places.team_id
    inner join {{ ref('stg_portfolio__working_days') }} as working_days
        on places.location_id = working_days.location_id
        and working_days.calendar_date >= capacities.valid_from
        and working_days.calendar_date <= cast(places.as_of_there as date)
    where capacities.next_valid_from is null
        or working_days.calendar_date < capacities.next_valid_from

)

select
    team_id,
    role,
    train_id,
    value_stream_id,
    location_id,
    calendar_date,
    is_working_day,
    headcount,
    case when is_working_day then contract_hours * (1 - absence_share) * passed_share else 0 end as available_hours,
    -- Leave and holidays are paid; weekends are not.
    case when is_working_weekday then contract_hours * passed_share else 0 end * cost_rate_per_hour as cost
from days
