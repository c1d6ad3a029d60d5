{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched() }}"
) }}
-- One row per item: can its history be trusted for time in stage?
-- Truncated: the export announces more history entries than it brings, or was made without a history.
-- Broken: a status change does not begin where the one before ended, or the item is not in the status its last change
-- led to (or, never changed, not in the one it was created in, or resolved later than created). A renamed status keeps
-- its id, so it breaks nothing.
-- Repaired: the first change begins in another status than the item is known to have been created in; the change's own
-- `from` is taken.
with items as (

    select *
    from {{ ref('int_items_unioned') }}
    where {{ is_touched('work_item_id') }}

),

entries as (

    select
        work_item_id,
        entry_number,
        changed_at,
        status_from,
        coalesce(status_from_id, '') as status_from_id,
        status_to,
        coalesce(status_to_id, '') as status_to_id
    from {{ ref('int_item_histories_pivoted') }}
    where {{ is_touched('work_item_id') }}

),

-- Counted in two steps, because to count distinct texts for each item takes several times as long.
history_keys as (

    select
        work_item_id,
        history_key
    from {{ ref('int_exported_changes_unioned') }}
    where {{ is_touched('work_item_id') }}
    group by work_item_id, history_key

),

histories as (

    select
        work_item_id,
        count(*) as n_histories_known
    from history_keys
    group by work_item_id

),

status_changes as (

    select
        *,
        lag(status_to) over (partition by work_item_id order by entry_number) as previous_to,
        lag(status_to_id) over (partition by work_item_id order by entry_number) as previous_to_id,
        row_number() over (partition by work_item_id order by entry_number) as change_number
    from entries
    where status_to is not null

),

links as (

    select
        work_item_id,
        max(change_number > 1 and {{ statuses_differ(
            'previous_to_id', 'previous_to', 'status_from_id', 'status_from'
        ) }}) as has_gap,
        min(case when change_number = 1 then status_from end) as first_status,
        {{ latest_known('status_to', 'entry_number') }} as last_status,
        {{ latest_known('status_to_id', 'entry_number') }} as last_status_id
    from status_changes
    group by work_item_id

),

chains as (

    select
        links.work_item_id,
        links.has_gap,
        {{ statuses_differ(
            'links.last_status_id', 'links.last_status', 'items.status_id', 'items.status_name'
        ) }} as has_other_end,
        items.initial_status is not null
        and lower(items.initial_status) <> lower(links.first_status) as is_start_repaired
    from links
    inner join items on links.work_item_id = items.work_item_id

),

early as (

    select
        entries.work_item_id,
        max(entries.changed_at < items.created_at) as has_change_before_creation
    from entries
    inner join items on entries.work_item_id = items.work_item_id
    group by entries.work_item_id

)

select
    items.work_item_id,
    coalesce(items.n_histories_announced > coalesce(histories.n_histories_known, 0), false)
    or coalesce(not items.has_changelog and coalesce(histories.n_histories_known, 0) = 0, false)
        as is_history_truncated,
    coalesce(chains.has_gap, false)
    or coalesce(chains.has_other_end, false)
    or coalesce(chains.work_item_id is null and lower(items.initial_status) <> lower(items.status_name), false)
    or coalesce({{ is_resolved_without_a_change('items', '(chains.work_item_id is not null)') }}, false)
        as is_history_broken,
    coalesce(chains.is_start_repaired, false) as is_start_repaired,
    coalesce(early.has_change_before_creation, false) as has_change_before_creation,
    -- The end was put at the last update, because nothing tells of it but the newest export.
    items.resolved_at is null
    and (
        coalesce(chains.has_other_end, false)
        or coalesce({{ is_resolved_without_a_change('items', '(chains.work_item_id is not null)') }}, false)
    ) as is_end_inferred
from items
left join histories on items.work_item_id = histories.work_item_id
left join chains on items.work_item_id = chains.work_item_id
left join early on items.work_item_id = early.work_item_id
