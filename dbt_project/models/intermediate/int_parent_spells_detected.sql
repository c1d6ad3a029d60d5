-- One row per item and span in which it had one and the same parent; it has one at a time.
--
-- Where the history tells of changes of the parent, those count: what the first change began from was the parent from
-- birth on, also if that change came after as_of. The last one of all led to the parent that the newest export shows,
-- where it shows one. Without changes the item's own field tells its parent of today, in force since birth; links that
-- name the same parent, or that stand alone, tell since when. Of links in force at once the newest counts.
--
-- A reference that names no item that was exported names none.
with items as (

    select * from {{ ref('int_items_unioned') }}

),

changes as (

    select * from {{ ref('int_item_changes_unioned') }}
    where attribute = 'parent'

),

links as (

    select * from {{ ref('int_work_item_links_resolved') }}
    where relation = 'parent'

),

births as (

    select
        work_item_id,
        event_at as born_at
    from {{ ref('int_item_timelines_built') }}
    where event_number = 1

),

-- The tool's own id goes before a key.
names as (

    select
        source_id,
        name,
        coalesce(
            min(case when is_id = 1 then work_item_id end), min(case when is_id = 0 then work_item_id end)
        ) as work_item_id
    from (
        select source_id, lower(native_id) as name, work_item_id, 1 as is_id from items
        union all
        select source_id, alias as name, work_item_id, 0 as is_id from {{ ref('int_item_aliases_listed') }}
    ) as known
    group by source_id, name

),

parents_today as (

    select
        items.work_item_id,
        names.work_item_id as parent_work_item_id
    from items
    inner join names
        on items.source_id = names.source_id
        and lower(items.parent_ref) = names.name
    where names.work_item_id <> items.work_item_id

),

newest_first as (

    {{ items_listed_newest_first() }}

),

-- A tool that keeps an epic and a parent writes both in one entry.
entries as (

    select
        work_item_id,
        history_key,
        is_after_as_of,
        min(changed_at) as changed_at,
        max(history_number) as history_number,
        max(history_position) as history_position,
        max(nullif(from_id, '')) as from_id,
        max(nullif(from_value, '')) as from_value,
        max(nullif(to_id, '')) as to_id,
        max(nullif(to_value, '')) as to_value
    from changes
    group by work_item_id, history_key, is_after_as_of

),

identified as (

    select
        entries.work_item_id,
        entries.changed_at,
        entries.is_after_as_of,
        coalesce(from_ids.work_item_id, from_keys.work_item_id) as from_parent_id,
        coalesce(to_ids.work_item_id, to_keys.work_item_id) as to_parent_id,
        row_number() over (
            partition by entries.work_item_id
            order by
                entries.changed_at, entries.history_number,
                case when newest_first.work_item_id is null then 1 else -1 end * entries.history_position,
                entries.history_key
        ) as place,
        count(*) over (partition by entries.work_item_id) as n_entries
    from entries
    inner join items on entries.work_item_id = items.work_item_id
    left join newest_first on entries.work_item_id = newest_first.work_item_id
    {% for side in ['from', 'to'] -%}
    left join names as {{ side }}_ids
        on items.source_id = {{ side }}_ids.source_id
        and lower(entries.{{ side }}_id) = {{ side }}_ids.name
    left join names as {{ side }}_keys
        on items.source_id = {{ side }}_keys.source_id
        and lower(entries.{{ side }}_value) = {{ side }}_keys.name
    {% endfor %}

),

standing as (

    select distinct
        work_item_id,
        linked_work_item_id
    from links
    where unlinked_at is null

),

-- Links without changes of the item's own field, unless that field names another parent than they do.
linked as (

    select
        links.work_item_id,
        links.linked_work_item_id as parent_work_item_id,
        greatest(coalesce(links.linked_at, births.born_at), births.born_at) as started_at,
        links.unlinked_at as ended_at
    from links
    inner join births on links.work_item_id = births.work_item_id
    left join parents_today on links.work_item_id = parents_today.work_item_id
    left join (select distinct work_item_id from identified) as changed on links.work_item_id = changed.work_item_id
    left join standing
        on parents_today.work_item_id = standing.work_item_id
        and parents_today.parent_work_item_id = standing.linked_work_item_id
    where changed.work_item_id is null
        and (parents_today.work_item_id is null or standing.work_item_id is not null)
        and (links.unlinked_at is null or links.unlinked_at > births.born_at)

),

link_moments as (

    select work_item_id, started_at as event_at from linked
    union
    select work_item_id, ended_at as event_at from linked
    where ended_at is not null

),

link_states as (

    select
        link_moments.work_item_id,
        link_moments.event_at,
        linked.parent_work_item_id,
        row_number() over (
            partition by link_moments.work_item_id, link_moments.event_at
            order by linked.started_at desc, linked.parent_work_item_id
        ) as preference
    from link_moments
    left join linked
        on link_moments.work_item_id = linked.work_item_id
        and link_moments.event_at >= linked.started_at
        and (linked.ended_at is null or link_moments.event_at < linked.ended_at)

),

states as (

    select
        births.work_item_id,
        births.born_at as event_at,
        0 as place,
        identified.from_parent_id as parent_work_item_id
    from births
    inner join identified
        on births.work_item_id = identified.work_item_id
        and identified.place = 1

    union all

    select
        identified.work_item_id,
        greatest(identified.changed_at, births.born_at) as event_at,
        identified.place,
        case
            when identified.place = identified.n_entries
                then coalesce(parents_today.parent_work_item_id, identified.to_parent_id)
            else identified.to_parent_id
        end as parent_work_item_id
    from identified
    inner join births on identified.work_item_id = births.work_item_id
    left join parents_today on identified.work_item_id = parents_today.work_item_id
    where not identified.is_after_as_of

    union all

    select
        work_item_id,
        event_at,
        1 as place,
        parent_work_item_id
    from link_states
    where preference = 1

    union all

    select
        parents_today.work_item_id,
        births.born_at as event_at,
        1 as place,
        parents_today.parent_work_item_id
    from parents_today
    inner join births on parents_today.work_item_id = births.work_item_id
    left join (
        select work_item_id from identified
        union
        select work_item_id from linked
    ) as dated
        on parents_today.work_item_id = dated.work_item_id
    where dated.work_item_id is null

),

timed as (

    select
        work_item_id,
        event_at,
        place,
        case when parent_work_item_id <> work_item_id then parent_work_item_id end as parent_work_item_id,
        lead(event_at) over (partition by work_item_id order by event_at, place) as next_event_at
    from states

),

-- What held for no time did not hold.
lasting as (

    select
        *,
        coalesce(parent_work_item_id, '') as parent_or_none,
        coalesce(
            lag(parent_work_item_id) over (partition by work_item_id order by event_at, place), ''
        ) as previous_or_none,
        row_number() over (partition by work_item_id order by event_at, place) as state_number
    from timed
    where next_event_at is null
        or next_event_at > event_at

),

spells as (

    select
        work_item_id,
        parent_work_item_id,
        event_at as started_at,
        lead(event_at) over (partition by work_item_id order by event_at, place) as ended_at
    from lasting
    where state_number = 1
        or parent_or_none <> previous_or_none

)

select
    work_item_id,
    parent_work_item_id,
    started_at,
    ended_at
from spells
where parent_work_item_id is not null
