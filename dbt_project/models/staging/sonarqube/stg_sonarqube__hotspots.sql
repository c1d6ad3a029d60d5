-- One row per security hotspot: code that somebody has to review; reviewed is closed, whatever was decided.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, hotspot_key order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_sonarqube', 'hotspots') }}

)

select
    source_id || ':' || hotspot_key as finding_id,
    source_id,
    hotspot_key as native_id,
    'sonarqube' as tool,
    project,
    component,
    coalesce(rule, security_category) as rule,
    case
        when vulnerability_probability = 'HIGH' then 'high'
        when vulnerability_probability = 'MEDIUM' then 'medium'
        when vulnerability_probability = 'LOW' then 'low'
    end as severity,
    vulnerability_probability as raw_severity,
    'vulnerability' as finding_type,
    case when status = 'REVIEWED' then 'closed' else 'open' end as status,
    resolution,
    created as opened_at,
    case when status = 'REVIEWED' then updated end as closed_at,
    cast(null as double) as effort_minutes
from ranked
where recency = 1
