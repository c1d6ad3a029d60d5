-- One row per changed field of a history: the same history comes with every export of its issue and on its pages.
-- A history without an id (some exports drop it) is told apart by its moment and its place.
with identified as (

    select
        *,
        coalesce(history_id, cast(changed as varchar) || '#' || cast(history_position as varchar)) as history_key
    from {{ source('raw_jira', 'issue_changes') }}

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
