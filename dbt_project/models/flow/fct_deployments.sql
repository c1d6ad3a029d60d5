with deployments as (

    select * from {{ ref('int_deployments_unioned') }}

),

environments as (

    select * from {{ ref('int_environments_classified') }}

),

memberships as (

    select * from {{ ref('int_code_memberships_mapped') }} where fact_kind = 'deployment'

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

as_of_rows as (

    select
        deployments.*,
        coalesce(environments.environment, 'other') as environment,
        {{ known_at_as_of('deployments.finished_at') }} as known_finished_at,
        case when deployments.finished_at > refresh.as_of then 'running' else deployments.result end as known_result,
        case when deployments.finished_at > refresh.as_of then null else deployments.raw_result end as known_raw_result
    from deployments
    left join environments
        on deployments.source_id = environments.source_id
        and deployments.environment_name = environments.environment_name
    cross join refresh
    where coalesce(deployments.started_at, deployments.finished_at) <= refresh.as_of

),

-- Recovered is the environment when the next deployment into it succeeds; where no project is told, that of the source.
{% set ahead -%}
partition by lower(project), case when project is null then source_id end, environment_name
order by coalesce(finished_at, started_at), deployment_id
{%- endset -%}
followed as (

    select
        *,
        {{ next_known(
            "case when known_result = 'success' then coalesce(known_finished_at, started_at) end", ahead
        ) }} as next_success_at
    from as_of_rows

),

changes as (

    select
        deployment_id,
        count(*) as n_pull_requests
    from {{ ref('int_pull_requests_deployed') }}
    group by deployment_id

),

incidents as (

    select
        deployment_id,
        count(*) as n_incidents
    from {{ ref('int_incidents_linked') }}
    group by deployment_id

)

select
    followed.deployment_id,
    followed.source_id,
    followed.native_id,
    followed.project,
    followed.environment_name,
    followed.environment,
    followed.environment = 'production' as is_production,
    followed.known_result as result,
    followed.known_raw_result as raw_result,
    followed.known_result = 'failure' as is_failed,
    followed.commit_sha,
    followed.ref,
    followed.started_at,
    followed.known_finished_at as finished_at,
    {{ local_date('coalesce(followed.known_finished_at, followed.started_at)', 'value_streams.timezone') }}
        as deployed_date,
    {{ elapsed_hours('followed.started_at', 'followed.known_finished_at') }} as duration_elapsed_hours,
    case when followed.known_result = 'failure' then followed.next_success_at end as recovered_at,
    case
        when followed.known_result = 'failure'
            then {{ elapsed_hours(
                'coalesce(followed.known_finished_at, followed.started_at)', 'followed.next_success_at'
            ) }}
    end as recovery_elapsed_hours,
    cast(coalesce(changes.n_pull_requests, 0) as integer) as n_pull_requests,
    cast(coalesce(incidents.n_incidents, 0) as integer) as n_incidents,
    memberships.team_id,
    memberships.train_id,
    memberships.value_stream_id,
    memberships.membership_basis
from followed
inner join memberships on followed.deployment_id = memberships.fact_id
inner join value_streams on memberships.value_stream_id = value_streams.value_stream_id
left join changes on followed.deployment_id = changes.deployment_id
left join incidents on followed.deployment_id = incidents.deployment_id
