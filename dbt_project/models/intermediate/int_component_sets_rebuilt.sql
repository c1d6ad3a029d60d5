{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched() }}"
) }}
-- One row per item and history entry that changed its components, as int_item_changes_unioned tells changes: the whole
-- set before (from_value) and after (to_value), one component a line.
--
-- A tool's history names what was added or taken away, not the set. So the set is gone back over from the newest one:
-- before an entry that took a component away the item had it, before one that added it it had not, and before an entry
-- that does not name a component it had it if it had it afterwards. A component that was renamed stands in the set of
-- today under the name it has today and in the history under its old one: it counts as had from birth.
with changes as (

    select *
    from {{ ref('int_item_changes_unioned') }}
    where attribute = 'components'
        and {{ is_touched('work_item_id') }}

),

named as (

    select
        work_item_id,
        history_key,
        {{ lines_of('from_value') }} as component,
        1 as was_there
    from changes

    union all

    select
        work_item_id,
        history_key,
        {{ lines_of('to_value') }} as component,
        0 as was_there
    from changes

),

-- A replaced path names its upper parts on both sides: the item had them before and has them after.
touched as (

    select
        work_item_id,
        history_key,
        trim(component) as component,
        max(was_there) as was_there
    from named
    where trim(component) <> ''
    group by work_item_id, history_key, trim(component)

),

entries as (

    select
        work_item_id,
        history_key,
        min(changed_at) as changed_at,
        max(history_number) as history_number,
        max(history_position) as history_position,
        is_after_as_of
    from changes
    group by work_item_id, history_key, is_after_as_of

),

newest_first as (

    {{ items_listed_newest_first() }}

),

newest as (

    select
        items.work_item_id,
        {{ items_of('items.components') }} as component
    from {{ ref('int_items_unioned') }} as items
    inner join (select distinct work_item_id from entries) as changed on items.work_item_id = changed.work_item_id

),

known as (

    select
        work_item_id,
        component,
        max(is_newest) as is_newest
    from (
        select work_item_id, trim(component) as component, 1 as is_newest from newest
        union all
        select work_item_id, component, 0 as is_newest from touched
    ) as had
    group by work_item_id, component

),

-- NULL: the entry does not name the component.
spread as (

    select
        entries.*,
        case when newest_first.work_item_id is null then 1 else -1 end * entries.history_position as place,
        known.component,
        known.is_newest,
        touched.was_there
    from entries
    inner join known on entries.work_item_id = known.work_item_id
    left join newest_first on entries.work_item_id = newest_first.work_item_id
    left join touched
        on entries.work_item_id = touched.work_item_id
        and entries.history_key = touched.history_key
        and known.component = touched.component

),

states as (

    select
        *,
        coalesce(
            {{ next_known('was_there',
                'partition by work_item_id, component order by changed_at, history_number, place, history_key'
            ) }},
            is_newest
        ) as is_there_after
    from spread

)

select
    work_item_id,
    history_key,
    history_number,
    history_position,
    cast(1 as bigint) as item_position,
    changed_at,
    'components' as attribute,
    cast(null as varchar) as from_id,
    {{ joined_lines('case when coalesce(was_there, is_there_after) = 1 then component end') }} as from_value,
    cast(null as varchar) as to_id,
    {{ joined_lines('case when is_there_after = 1 then component end') }} as to_value,
    is_after_as_of
from states
group by work_item_id, history_key, history_number, history_position, changed_at, is_after_as_of
