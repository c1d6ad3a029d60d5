-- One row per work item of every tool, in one vocabulary, as its newest export shows it. Items created after as_of are
-- not there yet. `initial_status` is the status an item is known to have been created in; few tools tell it.
--
-- removed_at: the tool itself says that the item is archived, deleted, converted or moved away, or a census of ids
-- found it gone and nothing newer shows it again. Its history stays; its life ends there.
with refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

censuses as (

    select censuses.*
    from {{ ref('stg_quality__item_censuses') }} as censuses
    cross join refresh
    where censuses.checked_at <= refresh.as_of

),

last_seen as (

    select
        source_id,
        native_id,
        max(case when census_state = 'present' then checked_at end) as seen_at
    from censuses
    group by source_id, native_id

),

-- The first census of the last run that missed the item dates its removal; the newest says how it went.
missed as (

    select
        censuses.source_id,
        censuses.native_id,
        min(censuses.checked_at) as missed_at,
        max(censuses.checked_at) as newest_missed_at
    from censuses
    inner join last_seen
        on censuses.source_id = last_seen.source_id
        and censuses.native_id = last_seen.native_id
    where last_seen.seen_at is null
        or censuses.checked_at > last_seen.seen_at
    group by censuses.source_id, censuses.native_id

),

vanished as (

    select
        missed.source_id,
        missed.native_id,
        missed.missed_at,
        max(censuses.census_state) as removal
    from missed
    inner join censuses
        on missed.source_id = censuses.source_id
        and missed.native_id = censuses.native_id
        and missed.newest_missed_at = censuses.checked_at
    group by missed.source_id, missed.native_id, missed.missed_at

),

dated as (

    select
        items.*,
        refresh.as_of,
        case
            when items.removed_at <= refresh.as_of then items.removed_at
            when vanished.missed_at > coalesce(items.updated_at, items.created_at) then vanished.missed_at
        end as removed_by_as_of_at,
        case when items.removed_at <= refresh.as_of then items.removal else vanished.removal end as known_removal
    from {{ ref('int_exported_items_unioned') }} as items
    cross join refresh
    left join vanished
        on items.source_id = vanished.source_id
        and items.native_id = vanished.native_id
    where items.created_at <= refresh.as_of

)

select
    {% for name, _ in vocabulary_columns('items') if name not in ('removed_at', 'removal') -%}
    {{ name }},
    {% endfor -%}
    removed_by_as_of_at as removed_at,
    case when removed_by_as_of_at is not null then known_removal end as removal
from dated
