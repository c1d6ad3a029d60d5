-- One row per event: the events API, a timeline and several exports tell the same one. A cross-reference has no id; its
-- moment and what it names tell it from others.
with keyed as (

    select
        *,
        coalesce(
            event_id,
            event || ' ' || coalesce(cast(created as varchar), '') || ' ' || coalesce(other_ref, commit_sha, '')
        ) as event_key
    from {{ source('raw_github', 'issue_events') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_id, repository, number, event_key
            order by exported_at desc, export_file desc, label, to_value
        ) as recency
    from keyed

)

select
    source_id,
    repository,
    number,
    event_key,
    try_cast(event_id as bigint) as event_number,
    event,
    created as created_at,
    label,
    milestone,
    state_reason,
    from_value,
    to_value,
    other_ref,
    is_other_pull_request,
    project_id
from ranked
where recency = 1
