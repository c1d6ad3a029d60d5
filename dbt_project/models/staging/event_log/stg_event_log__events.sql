-- One row per event, however often its log was exported. An event is told by its item, its status and its moment; equal
-- ones of one file are as many events. A running activity that a later export shows ended is the same one. Of dates per
-- stage the newest export of an item counts alone, because a tool takes dates back when an item moves back.
-- An item without an id of its own is a row of its file.
with identified as (

    select
        *,
        coalesce(item_id, regexp_extract(export_file, '[^/]+$') || '#' || cast(record_number as varchar)) as native_id,
        coalesce(started, happened, resolved) as told_at
    from {{ source('raw_event_log', 'events') }}

),

counted as (

    select
        *,
        row_number() over (
            partition by source_id, export_file, native_id, origin, activity, transition, told_at
            order by record_number
        ) as occurrence,
        first_value(export_file) over (
            partition by source_id, native_id order by exported_at desc, export_file desc
        ) as newest_file
    from identified

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_id, native_id, origin, activity, transition, told_at, occurrence
            order by exported_at desc, export_file desc
        ) as recency
    from counted
    where origin <> 'stage_date' or export_file = newest_file

)

select
    source_id || ':' || native_id as work_item_id,
    source_id,
    native_id,
    origin,
    activity,
    transition,
    started as started_at,
    happened as happened_at,
    created as created_at,
    resolved as resolved_at,
    item_key,
    title,
    item_type,
    team as team_value,
    try_cast(size as double) as estimate,
    resolution,
    project,
    parent_ref,
    stage_position,
    n_stages,
    row_number() over (
        partition by source_id, native_id
        order by exported_at, export_file, record_number, stage_position, activity, told_at, occurrence
    ) as event_position
from ranked
where recency = 1
