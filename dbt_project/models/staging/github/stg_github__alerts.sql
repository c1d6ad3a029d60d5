-- Alerts as quality findings. GitHub numbers alerts within a repository and kind; it tells no effort.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, alert_kind, repository, number order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_github', 'alerts') }}

),

named as (

    select
        *,
        repository || '/' || alert_kind || '/' || number as native_id
    from ranked
    where recency = 1

)

select
    source_id || ':' || native_id as finding_id,
    source_id,
    native_id,
    tool,
    repository as project,
    component,
    rule,
    case lower(severity)
        when 'critical' then 'critical'
        when 'high' then 'high'
        when 'error' then 'high'
        when 'medium' then 'medium'
        when 'moderate' then 'medium'
        when 'warning' then 'medium'
        when 'low' then 'low'
        when 'note' then 'info'
        when 'none' then 'info'
        -- A leaked secret has no severity: whoever has it needs nothing else.
        else case when alert_kind = 'secret_scanning' then 'critical' end
    end as severity,
    severity as raw_severity,
    case when is_security then 'vulnerability' else 'bug' end as finding_type,
    case state when 'open' then 'open' else 'closed' end as status,
    case when state <> 'open' then coalesce(resolution, state) end as resolution,
    created as opened_at,
    closed as closed_at,
    cast(null as double) as effort_minutes
from named
