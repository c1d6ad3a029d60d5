{{ config(materialized='view') }}
-- GitLab's vulnerabilities and findings as quality findings. A severity that GitLab does not know is none. A finding of
-- a scan that is a vulnerability by now is not counted twice where vulnerabilities were exported for its project; one
-- whose scan does not say when it ran counts from the first export that shows it.
with found as (

    select * from {{ ref('stg_gitlab__vulnerabilities') }}

),

projects as (

    select * from {{ ref('int_gitlab_projects_named') }}

),

managed as (

    select distinct
        source_id,
        project_id
    from found
    where origin = 'vulnerability'

)

select
    found.source_id || ':' || found.origin || '-' || found.native_id as finding_id,
    found.source_id,
    found.native_id,
    'gitlab ' || replace(coalesce(found.report_type, 'scan'), '_', ' ') as tool,
    coalesce(found.project_path, projects.project, found.project_id) as project,
    found.component,
    found.rule,
    case when lower(found.severity) in ('critical', 'high', 'medium', 'low', 'info') then lower(found.severity) end
        as severity,
    found.severity as raw_severity,
    'vulnerability' as finding_type,
    case when found.state in ('resolved', 'dismissed') then 'closed' else 'open' end as status,
    case when found.state in ('resolved', 'dismissed') then found.state end as resolution,
    coalesce(found.created_at, found.first_seen_at) as opened_at,
    case found.state
        when 'resolved' then coalesce(found.resolved_at, found.updated_at)
        when 'dismissed' then coalesce(found.dismissed_at, found.updated_at)
    end as closed_at,
    cast(null as double) as effort_minutes
from found
left join managed
    on found.source_id = managed.source_id
    and found.project_id = managed.project_id
left join projects
    on found.source_id = projects.source_id
    and found.project_id = projects.project_id
where found.origin = 'vulnerability'
    or managed.project_id is null
