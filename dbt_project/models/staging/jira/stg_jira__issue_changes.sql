-- One row per changed field of a history, as each export shows it: the same history comes with every export of its
-- issue and on its pages. A history without an id (some exports drop it) is told apart by its moment and what it
-- changed; its place moves from export to export.
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
        *,
        history_id as history_key
    from changes
    where history_id is not null

    union all

    select
        changes.*,
        cast(changes.changed as varchar) || '#' || contents.content as history_key
    from changes
    inner join contents
        on changes.source_id = contents.source_id
        and changes.issue_ref = contents.issue_ref
        and changes.export_file = contents.export_file
        and changes.history_position = contents.history_position
        and changes.changed = contents.changed
    where changes.history_id is null

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
    origin,
    exported_at,
    export_file
from identified
