with findings as (

    select * from {{ ref('int_quality_findings_unioned') }}

),

memberships as (

    select * from {{ ref('int_code_memberships_mapped') }} where fact_kind = 'quality_finding'

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

as_of_rows as (

    select
        findings.*,
        refresh.as_of,
        {{ known_at_as_of('findings.closed_at') }} as known_closed_at,
        findings.status = 'closed' and not coalesce(findings.closed_at > refresh.as_of, false) as is_known_closed
    from findings
    cross join refresh
    where findings.opened_at <= refresh.as_of

)

select
    as_of_rows.finding_id as quality_finding_id,
    as_of_rows.source_id,
    as_of_rows.native_id,
    as_of_rows.tool,
    as_of_rows.project,
    as_of_rows.component,
    as_of_rows.rule,
    as_of_rows.finding_type,
    as_of_rows.severity,
    as_of_rows.raw_severity,
    case when as_of_rows.is_known_closed then 'closed' else 'open' end as status,
    not as_of_rows.is_known_closed as is_open,
    case when as_of_rows.is_known_closed then as_of_rows.resolution end as resolution,
    as_of_rows.opened_at,
    as_of_rows.known_closed_at as closed_at,
    {{ local_date('as_of_rows.opened_at', 'value_streams.timezone') }} as opened_date,
    {{ local_date('as_of_rows.known_closed_at', 'value_streams.timezone') }} as closed_date,
    -- One that was closed nobody knows when has no age.
    case
        when as_of_rows.is_known_closed then {{ elapsed_days('as_of_rows.opened_at', 'as_of_rows.known_closed_at') }}
        else {{ elapsed_days('as_of_rows.opened_at', 'as_of_rows.as_of') }}
    end as age_elapsed_days,
    as_of_rows.effort_minutes,
    memberships.team_id,
    memberships.train_id,
    memberships.value_stream_id,
    memberships.membership_basis
from as_of_rows
inner join memberships on as_of_rows.finding_id = memberships.fact_id
inner join value_streams on memberships.value_stream_id = value_streams.value_stream_id
