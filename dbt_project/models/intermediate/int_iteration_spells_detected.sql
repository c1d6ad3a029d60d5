{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook=[
        "{{ touch_what_calls_iterations(ref('int_iteration_names_listed'), ref('int_item_changes_unioned'),
            ref('int_items_unioned')) }}",
        "{{ forget_touched('quality.touched_with_iterations') }}"
    ]
) }}
-- One row per item, iteration and span in which the item was in it. A tool may keep an item in several at once: Jira
-- lists all sprints that an issue is or was in ("12, 15"), so a closed one is not left when its rest is carried over.
--
-- Each iteration is followed by itself: an entry that names it among what the field held before says that the item was
-- in it until then (if nothing was said of it before: from birth on), one that names it among what the field holds
-- after says that it is in it from then on. The newest export tells the iteration of today, which the item is in since
-- its last change of iteration, or since birth, where no change names it.
with items as (

    select *
    from {{ ref('int_items_unioned') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_iterations') }}

),

changes as (

    select *
    from {{ ref('int_item_changes_unioned') }}
    where attribute = 'iteration'
        and {{ is_touched('work_item_id', 'quality.touched_with_iterations') }}

),

names as (

    select * from {{ ref('int_iteration_names_listed') }}

),

births as (

    select
        work_item_id,
        event_at as born_at
    from {{ ref('int_item_timelines_built') }}
    where event_number = 1
        and {{ is_touched('work_item_id', 'quality.touched_with_iterations') }}

),

entries as (

    select
        work_item_id,
        history_key,
        is_after_as_of,
        min(changed_at) as changed_at,
        max(history_number) as history_number,
        max(history_position) as history_position
    from changes
    group by work_item_id, history_key, is_after_as_of

),

newest_first as (

    {{ items_listed_newest_first() }}

),

placed as (

    select
        entries.*,
        row_number() over (
            partition by entries.work_item_id
            order by
                entries.changed_at, entries.history_number,
                case when newest_first.work_item_id is null then 1 else -1 end * entries.history_position,
                entries.history_key
        ) as place,
        count(*) over (partition by entries.work_item_id) as n_entries
    from entries
    left join newest_first on entries.work_item_id = newest_first.work_item_id

),

-- Ids hold no comma; a name may, so it is looked for as a whole first.
told as (

    {% for side, was_there in [('from', 1), ('to', 0)] -%}
    select
        changes.work_item_id,
        changes.history_key,
        items.source_id,
        items.project,
        {{ was_there }} as was_there,
        case
            when nullif(changes.{{ side }}_id, '') is not null then replace(changes.{{ side }}_id, ',', chr(10))
            when whole.iteration_id is not null then changes.{{ side }}_value
            else replace(changes.{{ side }}_value, ', ', chr(10))
        end as called
    from changes
    inner join items on changes.work_item_id = items.work_item_id
    left join names as whole
        on items.source_id = whole.source_id
        and lower(changes.{{ side }}_value) = whole.name
    {%- if not loop.last %}

    union all

    {% endif %}
    {%- endfor %}

),

split_up as (

    select
        work_item_id,
        history_key,
        source_id,
        project,
        was_there,
        {{ lines_of('called') }} as called
    from told

),

called_today as (

    select
        work_item_id,
        cast(null as varchar) as history_key,
        source_id,
        project,
        cast(null as integer) as was_there,
        iteration_ref as called
    from items
    where iteration_ref is not null

),

-- A milestone or version that several projects have is the one of the item's own. What the export of iterations does
-- not hold keeps the name it is called by.
identified as (

    select
        calls.work_item_id,
        calls.history_key,
        calls.was_there,
        coalesce(own.iteration_id, by_name.iteration_id, trim(calls.called)) as native_iteration_id,
        calls.source_id
    from (
        select * from split_up
        union all
        select * from called_today
    ) as calls
    left join names as by_name
        on calls.source_id = by_name.source_id
        and lower(trim(calls.called)) = by_name.name
    left join names as own
        on calls.source_id = own.source_id
        and by_name.iteration_id is null
        and lower(calls.project || '/' || trim(calls.called)) = own.name
    where trim(calls.called) <> ''

),

touches as (

    select
        identified.work_item_id,
        identified.source_id,
        identified.native_iteration_id,
        placed.place,
        placed.changed_at,
        placed.is_after_as_of,
        max(identified.was_there) as was_there,
        max(1 - identified.was_there) as is_there
    from identified
    inner join placed
        on identified.work_item_id = placed.work_item_id
        and identified.history_key = placed.history_key
    group by
        identified.work_item_id, identified.source_id, identified.native_iteration_id, placed.place,
        placed.changed_at, placed.is_after_as_of

),

todays as (

    select distinct
        work_item_id,
        source_id,
        native_iteration_id
    from identified
    where history_key is null

),

ordered as (

    select
        touches.*,
        todays.work_item_id is not null as is_todays,
        row_number() over (
            partition by touches.work_item_id, touches.native_iteration_id order by touches.place
        ) as touch_number,
        count(*) over (partition by touches.work_item_id, touches.native_iteration_id) as n_touches
    from touches
    left join todays
        on touches.work_item_id = todays.work_item_id
        and touches.native_iteration_id = todays.native_iteration_id

),

states as (

    select
        ordered.work_item_id,
        ordered.source_id,
        ordered.native_iteration_id,
        births.born_at as event_at,
        0 as place,
        ordered.was_there as is_in
    from ordered
    inner join births on ordered.work_item_id = births.work_item_id
    where ordered.touch_number = 1

    union all

    select
        ordered.work_item_id,
        ordered.source_id,
        ordered.native_iteration_id,
        greatest(ordered.changed_at, births.born_at) as event_at,
        ordered.place,
        case when ordered.touch_number = ordered.n_touches and ordered.is_todays then 1 else ordered.is_there end
            as is_in
    from ordered
    inner join births on ordered.work_item_id = births.work_item_id
    where not ordered.is_after_as_of

    union all

    select
        todays.work_item_id,
        todays.source_id,
        todays.native_iteration_id,
        coalesce(greatest(placed.changed_at, births.born_at), births.born_at) as event_at,
        1 as place,
        1 as is_in
    from todays
    inner join births on todays.work_item_id = births.work_item_id
    left join placed
        on todays.work_item_id = placed.work_item_id
        and placed.place = placed.n_entries
    left join ordered
        on todays.work_item_id = ordered.work_item_id
        and todays.native_iteration_id = ordered.native_iteration_id
        and ordered.touch_number = 1
    where ordered.work_item_id is null
        and not coalesce(placed.is_after_as_of, false)

),

timed as (

    select
        *,
        lead(event_at) over (partition by work_item_id, native_iteration_id order by event_at, place) as next_event_at
    from states

),

compared as (

    select
        *,
        case
            when is_in = lag(is_in) over (partition by work_item_id, native_iteration_id order by event_at, place)
                then 0
            else 1
        end as is_change
    from timed
    where next_event_at is null
        or next_event_at > event_at

),

spells as (

    select
        work_item_id,
        source_id,
        native_iteration_id,
        is_in,
        event_at as started_at,
        lead(event_at) over (partition by work_item_id, native_iteration_id order by event_at, place) as ended_at
    from compared
    where is_change = 1

)

select
    work_item_id,
    source_id || ':' || native_iteration_id as iteration_id,
    started_at,
    ended_at
from spells
where is_in = 1
