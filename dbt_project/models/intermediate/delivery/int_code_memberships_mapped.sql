-- One row per pull request, build, deployment, incident, finding and measure: its team. That of most of the items it is
-- linked to, where it is linked to any; else that of the first membership rule that asks for no more than the source
-- and the project (repository, job folder, service), as of the day.
with facts as (

    select
        'pull_request' as fact_kind,
        pull_request_id as fact_id,
        source_id,
        project,
        opened_at as event_at
    from {{ ref('int_pull_requests_unioned') }}

    union all

    select
        'build' as fact_kind,
        build_id as fact_id,
        source_id,
        project,
        coalesce(started_at, queued_at, finished_at) as event_at
    from {{ ref('int_builds_unioned') }}

    union all

    select
        'deployment' as fact_kind,
        deployment_id as fact_id,
        source_id,
        project,
        coalesce(finished_at, started_at) as event_at
    from {{ ref('int_deployments_unioned') }}

    union all

    select
        'incident' as fact_kind,
        incident_id as fact_id,
        source_id,
        service as project,
        opened_at as event_at
    from {{ ref('int_incidents_unioned') }}

    union all

    select
        'quality_finding' as fact_kind,
        finding_id as fact_id,
        source_id,
        project,
        opened_at as event_at
    from {{ ref('int_quality_findings_unioned') }}

    union all

    select
        'quality_measure' as fact_kind,
        {{ quality_measure_id() }} as fact_id,
        source_id,
        project,
        measured_at as event_at
    from {{ ref('int_quality_measures_unioned') }}

),

teams as (

    select * from {{ ref('stg_portfolio__teams') }}

),

portfolio as (

    select timezone from {{ ref('stg_portfolio__value_streams') }} where value_stream_id = 'unassigned'

),

has_validities as (

    select count(*) > 0 as is_dated from {{ ref('int_mapping_boundaries_listed') }}

),

dated as (

    select
        facts.*,
        case when has_validities.is_dated then {{ local_date('facts.event_at', 'portfolio.timezone') }} end as rule_date
    from facts
    cross join portfolio
    cross join has_validities

),

places as (

    select distinct
        source_id,
        project,
        rule_date
    from dated

),

rule_matches as (

    select
        places.source_id,
        places.project,
        places.rule_date,
        rules.team_id,
        row_number() over (
            partition by places.source_id, places.project, places.rule_date order by rules.rule_position
        ) as match_number
    from places
    inner join {{ ref('stg_portfolio__membership_rules') }} as rules
        on (rules.source_id is null or rules.source_id = places.source_id)
        and (rules.project is null or lower(rules.project) = lower(places.project))
        and rules.component is null
        and rules.label is null
        and rules.item_type is null
        and rules.team_value is null
        and (rules.valid_from is null or places.rule_date >= rules.valid_from)
        and (rules.valid_to is null or places.rule_date <= rules.valid_to)

),

item_teams as (

    select
        links.linked_kind,
        links.linked_id,
        memberships.team_id,
        row_number() over (
            partition by links.linked_kind, links.linked_id
            order by count(distinct links.work_item_id) desc, memberships.team_id
        ) as place
    from {{ ref('int_code_keys_matched') }} as links
    inner join {{ ref('int_item_timelines_built') }} as timelines
        on links.work_item_id = timelines.work_item_id
        and timelines.next_event_at is null
    inner join {{ ref('int_item_memberships_mapped') }} as memberships
        on timelines.work_item_id = memberships.work_item_id
        and timelines.event_number = memberships.event_number
    where memberships.team_id <> 'unassigned'
    group by links.linked_kind, links.linked_id, memberships.team_id

)

select
    dated.fact_kind,
    dated.fact_id,
    teams.team_id,
    teams.train_id,
    teams.value_stream_id,
    case
        when item_teams.team_id is not null then 'items'
        when rule_matches.team_id is not null then 'project'
    end as membership_basis
from dated
left join item_teams
    on dated.fact_kind = item_teams.linked_kind
    and dated.fact_id = item_teams.linked_id
    and item_teams.place = 1
left join rule_matches
    on dated.source_id = rule_matches.source_id
    and dated.project is not distinct from rule_matches.project
    and dated.rule_date is not distinct from rule_matches.rule_date
    and rule_matches.match_number = 1
inner join teams on coalesce(item_teams.team_id, rule_matches.team_id, 'unassigned') = teams.team_id
