-- One row per vulnerability, affected component and scan of a project. The version is no part of the component's
-- identity, so that an update that does not help leaves the finding open.
with keyed as (

    select
        *,
        try_cast(score as double) as score_number,
        regexp_replace(coalesce(component, ''), '@[^@/]*$', '') as component_name
    from {{ source('raw_cyclonedx', 'vulnerabilities') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_id, project, vulnerability_id, component_name, scanned
            order by exported_at desc, export_file desc, component
        ) as recency
    from keyed

)

select
    source_id,
    project,
    vulnerability_id || '@' || component_name as finding_key,
    vulnerability_id as rule,
    component,
    coalesce(
        case
            when lower(severity) in ('critical', 'high', 'medium', 'low') then lower(severity)
            when lower(severity) in ('info', 'none') then 'info'
        end,
        {{ severity_of_score('score_number') }}
    ) as severity,
    severity as raw_severity,
    state,
    coalesce(is_suppressed, false)
    or coalesce(
        lower(state) in ('resolved', 'resolved_with_pedigree', 'false_positive', 'not_affected'), false
    ) as is_settled,
    first_issued as first_issued_at,
    last_updated as last_updated_at,
    scanned as scanned_at
from ranked
where recency = 1
