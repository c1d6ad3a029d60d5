-- One row per issue: the newest update counts, then the newest export. Of several impacts the worst is the severity.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, issue_key order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_sonarqube', 'issues') }}

)

select
    source_id || ':' || issue_key as finding_id,
    source_id,
    issue_key as native_id,
    'sonarqube' as tool,
    project,
    component,
    rule,
    case
        when severity = 'BLOCKER' then 'critical'
        when severity = 'CRITICAL' then 'high'
        when severity = 'MAJOR' then 'medium'
        when severity = 'MINOR' then 'low'
        when severity = 'INFO' then 'info'
        when list_contains(impact_severities, 'BLOCKER') then 'critical'
        when list_contains(impact_severities, 'HIGH') then 'high'
        when list_contains(impact_severities, 'MEDIUM') then 'medium'
        when list_contains(impact_severities, 'LOW') then 'low'
        when list_contains(impact_severities, 'INFO') then 'info'
    end as severity,
    coalesce(severity, array_to_string(impact_severities, ', ')) as raw_severity,
    case
        when {{ is_safety_rule("array_to_string(tags, chr(10))") }} then 'safety'
        when issue_type = 'BUG' then 'bug'
        when issue_type in ('VULNERABILITY', 'SECURITY_HOTSPOT') then 'vulnerability'
        when issue_type = 'CODE_SMELL' then 'debt'
        when list_contains(impact_qualities, 'SECURITY') then 'vulnerability'
        when list_contains(impact_qualities, 'RELIABILITY') then 'bug'
        when list_contains(impact_qualities, 'MAINTAINABILITY') then 'debt'
    end as finding_type,
    case
        when closed is not null
            or status in ('RESOLVED', 'CLOSED')
            or issue_status in ('FALSE_POSITIVE', 'ACCEPTED', 'FIXED') then 'closed'
        else 'open'
    end as status,
    coalesce(
        resolution, case when issue_status in ('FALSE_POSITIVE', 'ACCEPTED', 'FIXED') then issue_status end
    ) as resolution,
    created as opened_at,
    case
        when closed is not null
            or status in ('RESOLVED', 'CLOSED')
            or issue_status in ('FALSE_POSITIVE', 'ACCEPTED', 'FIXED') then coalesce(closed, updated)
    end as closed_at,
    {{ effort_minutes('effort') }} as effort_minutes
from ranked
where recency = 1
