-- One row per item and blocking link: while it was blocked by the linked item. From the moment of linking, or where no
-- history tells that, from the creation of the later of the two; to the unlinking, the blocker's own end (finished,
-- cancelled or removed) or the item's own, whichever comes first. A blocker that no workflow counts ends when its tool
-- calls it done.
with links as (

    select *
    from {{ ref('int_work_item_links_resolved') }}
    where relation = 'blocked_by'

),

items as (

    select * from {{ ref('int_items_unioned') }}

),

clocks as (

    select * from {{ ref('int_item_clocks_computed') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

ends as (

    select
        items.work_item_id,
        items.source_id,
        items.item_key,
        coalesce(clocks.life_started_at, items.created_at) as life_started_at,
        case
            when clocks.work_item_id is not null then clocks.ended_at
            when items.status_kind = 'done' then coalesce(items.resolved_at, items.updated_at)
        end as ended_at,
        items.removed_at
    from items
    left join clocks on items.work_item_id = clocks.work_item_id

),

bounded as (

    select
        links.work_item_id,
        links.linked_work_item_id,
        links.link_number,
        blocked.source_id,
        'Blocked by ' || coalesce(blockers.item_key, blockers.work_item_id) as reason,
        greatest(
            coalesce(links.linked_at, blocked.life_started_at), blocked.life_started_at, blockers.life_started_at
        ) as started_at,
        least(
            coalesce(links.unlinked_at, refresh.as_of),
            coalesce(blockers.ended_at, refresh.as_of),
            coalesce(blockers.removed_at, refresh.as_of),
            coalesce(blocked.ended_at, refresh.as_of),
            coalesce(blocked.removed_at, refresh.as_of)
        ) as until_at,
        coalesce(
            links.unlinked_at, blockers.ended_at, blockers.removed_at, blocked.ended_at, blocked.removed_at
        ) is not null as has_end,
        refresh.as_of
    from links
    inner join ends as blocked on links.work_item_id = blocked.work_item_id
    inner join ends as blockers on links.linked_work_item_id = blockers.work_item_id
    cross join refresh

)

select
    work_item_id,
    linked_work_item_id,
    link_number,
    source_id,
    'link' as blocked_kind,
    reason,
    started_at,
    case when has_end and until_at < as_of then until_at end as ended_at
from bounded
where started_at < until_at
