{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook=["{{ touch_items_of_touched_sources() }}", "{{ forget_touched() }}"]
) }}
-- One row per work item of every tool, in one vocabulary, as its newest export shows it. Items created after as_of are
-- not there yet. `initial_status` is the status an item is known to have been created in; few tools tell it.
--
-- removed_at: the tool itself says that the item is archived, deleted, converted or moved away, or a census of ids
-- found it gone and nothing newer shows it again. Its history stays; its life ends there.
with refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

exported as (

    select *
    from {{ ref('int_exported_items_unioned') }}
    where {{ is_touched('work_item_id') }}

),

censuses as (

    select censuses.*
    from {{ ref('stg_quality__item_censuses') }} as censuses
    cross join refresh
    where censuses.checked_at <= refresh.as_of

),

-- By a census or by a change of its own.
last_seen as (

    select
        items.source_id,
        items.native_id,
        greatest(
            coalesce(items.updated_at, items.created_at),
            max(case when censuses.census_state = 'present' then censuses.checked_at end)
        ) as seen_at
    from exported as items
    inner join censuses
        on items.source_id = censuses.source_id
        and items.native_id = censuses.native_id
    group by items.source_id, items.native_id, items.updated_at, items.created_at

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
    where censuses.checked_at > last_seen.seen_at
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
            else vanished.missed_at
        end as removed_by_as_of_at,
        case when items.removed_at <= refresh.as_of then items.removal else vanished.removal end as known_removal
    from exported as items
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
