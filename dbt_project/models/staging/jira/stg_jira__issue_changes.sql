-- One row per changed field of a history: the same history comes with every export of its issue and on its pages.
-- A history without an id (some exports drop it) is told apart by its moment and what it changed; its place moves from
-- export to export.
with changes as (

    select * from {{ source('raw_jira', 'issue_changes') }}

),

contents as (

    select
        source_id,
        issue_ref,
        export_file,
        history_position,
        changed,
        {{ content_hash("coalesce(field, '') || ':' || coalesce(from_value, '') || '>' || coalesce(to_value, '')") }}
            as content
    from changes
    where history_id is null
    group by source_id, issue_ref, export_file, history_position, changed

),

identified as (

    select
        changes.*,
        coalesce(changes.history_id, cast(changes.changed as varchar) || '#' || contents.content) as history_key
    from changes
    left join contents
        on changes.history_id is null
        and changes.source_id = contents.source_id
        and changes.issue_ref = contents.issue_ref
        and changes.export_file = contents.export_file
        and changes.history_position = contents.history_position
        and changes.changed = contents.changed

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_id, issue_ref, history_key, item_position, field
            order by exported_at desc, export_file desc, origin
        ) as recency
    from identified

)

select
    source_id,
    issue_ref,
    history_key,
    try_cast(history_id as bigint) as history_number,
    history_position,
    item_position,
    changed as changed_at,
    field as field_name,
    field_id,
    from_id,
    from_value,
    to_id,
    to_value,
    origin
from ranked
where recency = 1
