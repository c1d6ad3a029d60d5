with incidents as (

    select * from {{ ref('int_incidents_unioned') }}

),

links as (

    select * from {{ ref('int_incidents_linked') }}

),

deployments as (

    select
        deployment_id,
        deployed_at
    from {{ ref('int_production_deployments_kept') }}

),

memberships as (

    select * from {{ ref('int_code_memberships_mapped') }} where fact_kind = 'incident'

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

-- One that was resolved after as_of was acknowledged or open then. One that a tool calls resolved without a date has no
-- end; one that it calls open although somebody had taken it was escalated.
as_of_rows as (

    select
        incidents.*,
        {{ known_at_as_of('incidents.acknowledged_at') }} as known_acknowledged_at,
        {{ known_at_as_of('incidents.resolved_at') }} as known_resolved_at,
        incidents.resolved_at > refresh.as_of as is_resolved_later
    from incidents
    cross join refresh
    where incidents.opened_at <= refresh.as_of

),

stated as (

    select
        *,
        case
            when known_resolved_at is not null then 'resolved'
            when coalesce(is_resolved_later, false) and known_acknowledged_at is not null then 'acknowledged'
            when coalesce(is_resolved_later, false) then 'open'
            when status = 'acknowledged' and acknowledged_at is not null and known_acknowledged_at is null then 'open'
            else status
        end as known_status
    from as_of_rows

)

select
    stated.incident_id,
    stated.source_id,
    stated.native_id,
    stated.incident_key,
    stated.title,
    stated.service,
    stated.severity,
    stated.urgency,
    stated.known_status as status,
    stated.known_status = 'resolved' as is_resolved,
    stated.opened_at,
    stated.known_acknowledged_at as acknowledged_at,
    stated.known_resolved_at as resolved_at,
    {{ local_date('stated.opened_at', 'value_streams.timezone') }} as opened_date,
    {{ local_date('stated.known_resolved_at', 'value_streams.timezone') }} as resolved_date,
    {{ elapsed_hours('stated.opened_at', 'stated.known_acknowledged_at') }} as time_to_acknowledge_elapsed_hours,
    {{ elapsed_hours('stated.opened_at', 'stated.known_resolved_at') }} as time_to_restore_elapsed_hours,
    links.deployment_id,
    links.cause_basis,
    {{ elapsed_hours('deployments.deployed_at', 'stated.opened_at') }} as since_deployment_elapsed_hours,
    memberships.team_id,
    memberships.train_id,
    memberships.value_stream_id,
    memberships.membership_basis
from stated
inner join memberships on stated.incident_id = memberships.fact_id
inner join value_streams on memberships.value_stream_id = value_streams.value_stream_id
left join links on stated.incident_id = links.incident_id
left join deployments on links.deployment_id = deployments.deployment_id
