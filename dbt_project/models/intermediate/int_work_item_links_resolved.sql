-- One row per pair of items, relation and time they were linked, whichever side told of it. Read a row as "the item
-- <relation> the linked item": `blocked_by` (the linked one blocks it), `parent` (the linked one is its parent),
-- `duplicates`, `relates` (either way round; the item that sorts first comes first).
--
-- A tool names the linked item by its own id or by any key it ever had; a key is looked for in the link's own source
-- first, and in others only where no more than one item bears it. A mere number names no item of another source: every
-- tool counts. A reference that nothing bears is dropped: its item was not exported.
--
-- Both sides tell of a link, seconds apart, and one of them often late or not at all: spans that overlap are one, from
-- the earliest start that is known. A start that nobody knows says nothing of the time before the end it comes with.
-- A side whose newest export is older than the removal that the other side tells of does not know of it yet.
with items as (

    select * from {{ ref('int_items_unioned') }}

),

links as (

    select * from {{ ref('int_exported_links_unioned') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

own_aliases as (

    select * from {{ ref('int_item_aliases_listed') }}

),

foreign_aliases as (

    select
        alias,
        min(work_item_id) as work_item_id
    from own_aliases
    where regexp_replace(alias, '^#?[0-9]+$', '') <> ''
    group by alias
    having count(*) = 1

),

resolved as (

    select
        links.source_id,
        links.work_item_id,
        coalesce(by_id.work_item_id, by_own_key.work_item_id, by_foreign_key.work_item_id) as linked_work_item_id,
        links.relation,
        links.link_type,
        links.linked_at,
        links.unlinked_at,
        items.updated_at as told_at
    from links
    inner join items on links.work_item_id = items.work_item_id
    left join items as by_id
        on links.source_id = by_id.source_id
        and links.linked_ref = by_id.native_id
    left join own_aliases as by_own_key
        on links.source_id = by_own_key.source_id
        and lower(links.linked_ref) = by_own_key.alias
    left join foreign_aliases as by_foreign_key on lower(links.linked_ref) = by_foreign_key.alias

),

-- The same link seen from its other end is turned round.
turned as (

    select
        case
            when relation in ('blocks', 'child', 'duplicated_by')
                or (relation = 'relates' and work_item_id > linked_work_item_id)
                then linked_work_item_id
            else work_item_id
        end as work_item_id,
        case
            when relation in ('blocks', 'child', 'duplicated_by')
                or (relation = 'relates' and work_item_id > linked_work_item_id)
                then work_item_id
            else linked_work_item_id
        end as linked_work_item_id,
        case relation
            when 'blocks' then 'blocked_by'
            when 'child' then 'parent'
            when 'duplicated_by' then 'duplicates'
            else relation
        end as relation,
        link_type,
        linked_at,
        unlinked_at,
        told_at
    from resolved
    where linked_work_item_id is not null
        and linked_work_item_id <> work_item_id

),

told_ends as (

    select
        turned.work_item_id,
        turned.linked_work_item_id,
        turned.relation,
        turned.link_type,
        turned.linked_at,
        coalesce(turned.unlinked_at, min(removals.unlinked_at)) as unlinked_at
    from turned
    left join turned as removals
        on turned.work_item_id = removals.work_item_id
        and turned.linked_work_item_id = removals.linked_work_item_id
        and turned.relation = removals.relation
        and turned.unlinked_at is null
        and removals.unlinked_at > turned.told_at
        and (turned.linked_at is null or removals.unlinked_at > turned.linked_at)
    group by
        turned.work_item_id, turned.linked_work_item_id, turned.relation, turned.link_type, turned.linked_at,
        turned.unlinked_at

),

spans as (

    select
        told_ends.work_item_id,
        told_ends.linked_work_item_id,
        told_ends.relation,
        told_ends.link_type,
        told_ends.linked_at,
        case when told_ends.unlinked_at <= refresh.as_of then told_ends.unlinked_at end as unlinked_at,
        coalesce(told_ends.linked_at, told_ends.unlinked_at, cast('9999-01-01 00:00:00+00' as timestamptz))
            as span_start_at,
        coalesce(told_ends.unlinked_at, cast('9999-01-01 00:00:00+00' as timestamptz)) as span_end_at
    from told_ends
    cross join refresh
    where told_ends.linked_at is null
        or told_ends.linked_at <= refresh.as_of

),

compared as (

    select
        *,
        max(span_end_at) over (
            partition by work_item_id, linked_work_item_id, relation
            order by span_start_at, span_end_at, link_type
            rows between unbounded preceding and 1 preceding
        ) as latest_end_before
    from spans

),

numbered as (

    select
        *,
        sum(case
            when latest_end_before is null then 1
            when {{ seconds_between('latest_end_before', 'span_start_at') }} > 60 then 1
            else 0
        end) over (
            partition by work_item_id, linked_work_item_id, relation
            order by span_start_at, span_end_at, link_type
            rows between unbounded preceding and current row
        ) as link_number
    from compared

)

select
    work_item_id,
    linked_work_item_id,
    relation,
    link_number,
    min(link_type) as link_type,
    min(linked_at) as linked_at,
    case when count(unlinked_at) = count(*) then max(unlinked_at) end as unlinked_at
from numbered
group by work_item_id, linked_work_item_id, relation, link_number
