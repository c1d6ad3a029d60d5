{{ config(materialized='view') }}
-- One row per update with the moment it was made, as well as Azure Boards tells it:
-- 1. an update of fields says so (System.ChangedDate); `revised_at` is when the revision that it made came to its end;
-- 2. without that date it was made when the revision before it ended;
-- 3. an update of links only makes no revision and carries no such date. Its `revised_at` lies strictly within the
--    revision it belongs to: it is the moment of the link itself. Where it does not (never revised, or as the end of
--    the revision), nothing but the beginning of its revision is known for sure.
with updates as (

    select * from {{ ref('stg_azure_devops__work_item_updates') }}

),

revisions as (

    select
        *,
        coalesce(changed_at, lag(revised_at) over (partition by work_item_id order by update_id)) as made_at
    from updates
    where has_fields

)

select
    updates.work_item_id,
    updates.source_id,
    updates.native_id,
    updates.update_id,
    updates.rev,
    updates.has_fields,
    case
        when updates.has_fields then made.made_at
        when updates.revised_at < made.revised_at or made.revised_at is null
            then coalesce(updates.revised_at, made.made_at)
        else made.made_at
    end as made_at
from updates
left join (
    select
        work_item_id,
        rev,
        min(made_at) as made_at,
        max(revised_at) as revised_at
    from revisions
    group by work_item_id, rev
) as made
    on updates.work_item_id = made.work_item_id
    and updates.rev = made.rev
