-- One row per incident that followed a deployment: the last successful deployment into production that had ended before
-- the incident opened, of the project that bears the service's name; of the service's team where no project bears it.
-- Of a service without either nothing is said. That it came before does not prove that it was the cause.
with incidents as (

    select
        incidents.incident_id,
        lower(incidents.service) as service_key,
        incidents.opened_at,
        memberships.team_id
    from {{ ref('int_incidents_unioned') }} as incidents
    inner join {{ ref('int_code_memberships_mapped') }} as memberships
        on memberships.fact_kind = 'incident'
        and incidents.incident_id = memberships.fact_id
    cross join {{ ref('stg_portfolio__refresh') }} as refresh
    where incidents.opened_at <= refresh.as_of

),

deployments as (

    select
        deployments.deployment_id,
        deployments.project_key,
        deployments.deployed_at,
        memberships.team_id
    from {{ ref('int_production_deployments_kept') }} as deployments
    inner join {{ ref('int_code_memberships_mapped') }} as memberships
        on memberships.fact_kind = 'deployment'
        and deployments.deployment_id = memberships.fact_id

),

placed as (

    select
        incidents.incident_id,
        incidents.opened_at,
        case when projects.project_key is not null then 'project' else 'team' end as basis,
        case when projects.project_key is not null then incidents.service_key else incidents.team_id end as place
    from incidents
    left join (select distinct project_key from deployments) as projects
        on incidents.service_key = projects.project_key
    where projects.project_key is not null
        or incidents.team_id <> 'unassigned'

),

moments as (

    select
        incident_id,
        basis,
        place,
        opened_at as moment,
        1 as rank_of_moment,
        cast(null as varchar) as deployment_id
    from placed

    union all

    select
        cast(null as varchar) as incident_id,
        'project' as basis,
        project_key as place,
        deployed_at as moment,
        0 as rank_of_moment,
        deployment_id
    from deployments

    union all

    select
        cast(null as varchar) as incident_id,
        'team' as basis,
        team_id as place,
        deployed_at as moment,
        0 as rank_of_moment,
        deployment_id
    from deployments

),

followed as (

    select
        incident_id,
        basis,
        {{ last_known(
            'deployment_id',
            'partition by basis, place order by moment, rank_of_moment, deployment_id, incident_id'
        ) }} as deployment_id
    from moments

)

select
    incident_id,
    deployment_id,
    basis as cause_basis
from followed
where incident_id is not null
    and deployment_id is not null
