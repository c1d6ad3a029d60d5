{{ config(materialized='view') }}
-- Vulnerabilities followed from document to document of their project: open from the first one that tells of it (or
-- from when it was first issued there), closed at the first later one that does not, or when its analysis settled it.
with documents as (

    select
        *,
        row_number() over (partition by source_id, project order by scanned_at) as place
    from {{ ref('stg_cyclonedx__documents') }}

),

seen as (

    select
        vulnerabilities.*,
        documents.place,
        row_number() over (
            partition by vulnerabilities.source_id, vulnerabilities.project, vulnerabilities.finding_key
            order by documents.place desc
        ) as recency
    from {{ ref('stg_cyclonedx__vulnerabilities') }} as vulnerabilities
    inner join documents
        on vulnerabilities.source_id = documents.source_id
        and vulnerabilities.project is not distinct from documents.project
        and vulnerabilities.scanned_at = documents.scanned_at

),

spans as (

    select
        source_id,
        project,
        finding_key,
        least(min(first_issued_at), min(scanned_at)) as opened_at,
        max(place) as last_place,
        max(case when not is_settled then place else 0 end) as last_open_place
    from seen
    group by source_id, project, finding_key

),

settlements as (

    select
        seen.source_id,
        seen.project,
        seen.finding_key,
        -- An analysis may be older than the first document that tells of the vulnerability: it was closed from then on.
        min(greatest(coalesce(seen.last_updated_at, seen.scanned_at), spans.opened_at)) as settled_at
    from seen
    inner join spans
        on seen.source_id = spans.source_id
        and seen.project is not distinct from spans.project
        and seen.finding_key = spans.finding_key
        and seen.place > spans.last_open_place
    group by seen.source_id, seen.project, seen.finding_key

),

ended as (

    select
        seen.*,
        spans.opened_at,
        coalesce(settlements.settled_at, next_documents.scanned_at) as closed_at
    from seen
    inner join spans
        on seen.source_id = spans.source_id
        and seen.project is not distinct from spans.project
        and seen.finding_key = spans.finding_key
    left join settlements
        on seen.source_id = settlements.source_id
        and seen.project is not distinct from settlements.project
        and seen.finding_key = settlements.finding_key
    left join documents as next_documents
        on seen.source_id = next_documents.source_id
        and seen.project is not distinct from next_documents.project
        and next_documents.place = spans.last_place + 1
    where seen.recency = 1

)

select
    source_id || ':' || coalesce(project, '') || ':' || finding_key as finding_id,
    source_id,
    coalesce(project, '') || ':' || finding_key as native_id,
    'cyclonedx' as tool,
    project,
    component,
    rule,
    severity,
    raw_severity,
    'vulnerability' as finding_type,
    case when closed_at is null then 'open' else 'closed' end as status,
    case when is_settled then coalesce(lower(state), 'suppressed') when closed_at is not null then 'gone' end
        as resolution,
    opened_at,
    closed_at,
    cast(null as double) as effort_minutes
from ended
