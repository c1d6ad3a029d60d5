{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched() }}"
) }}
-- One row per item and history entry: the values that the followed attributes changed from and to, in the tool's own
-- order. A self-transition (a status changed to itself) stays: it moves nothing, but it happened.
-- NULL: not changed by this entry; '': changed to nothing.
--
-- A parent and an iteration have spells of their own; sets of components were put together before.
{% set attributes = [
    'status', 'resolution', 'key', 'type', 'team', 'flagged', 'labels', 'components', 'blocked_reason',
] %}
with changes as (

    {% for relation in ['int_item_changes_unioned', 'int_component_sets_rebuilt'] -%}
    select
        {% for name, _ in vocabulary_columns('changes') -%}
        {{ name }},
        {% endfor -%}
        is_after_as_of
    from {{ ref(relation) }}
    where {{ is_touched('work_item_id') }}
    {%- if not loop.last %}
        and attribute not in ('components', 'parent', 'iteration')

    union all

    {% endif %}
    {%- endfor %}

),

-- Most entries change one followed attribute and need no aggregate.
composed as (

    select
        work_item_id,
        history_key
    from changes
    group by work_item_id, history_key
    having count(*) > 1

),

entries as (

    select
        changes.work_item_id,
        changes.history_key,
        changes.changed_at,
        changes.history_number,
        changes.history_position,
        changes.is_after_as_of,
        {% for attribute in attributes -%}
        case when changes.attribute = '{{ attribute }}' then coalesce(changes.from_value, '') end
            as {{ attribute }}_from,
        case when changes.attribute = '{{ attribute }}' then coalesce(changes.to_value, '') end
            as {{ attribute }}_to,
        {% endfor -%}
        case when changes.attribute = 'status' then changes.from_id end as status_from_id,
        case when changes.attribute = 'status' then changes.to_id end as status_to_id
    from changes
    left join composed
        on changes.work_item_id = composed.work_item_id
        and changes.history_key = composed.history_key
    where composed.work_item_id is null

    union all

    select
        changes.work_item_id,
        changes.history_key,
        min(changes.changed_at) as changed_at,
        max(changes.history_number) as history_number,
        max(changes.history_position) as history_position,
        changes.is_after_as_of,
        {% for attribute in attributes -%}
        max(case when changes.attribute = '{{ attribute }}' then coalesce(changes.from_value, '') end)
            as {{ attribute }}_from,
        max(case when changes.attribute = '{{ attribute }}' then coalesce(changes.to_value, '') end)
            as {{ attribute }}_to,
        {% endfor -%}
        max(case when changes.attribute = 'status' then changes.from_id end) as status_from_id,
        max(case when changes.attribute = 'status' then changes.to_id end) as status_to_id
    from changes
    inner join composed
        on changes.work_item_id = composed.work_item_id
        and changes.history_key = composed.history_key
    group by changes.work_item_id, changes.history_key, changes.is_after_as_of

),

-- Without ids only the place in the export tells two changes of one second apart, and some exports list the newest
-- first.
bounds as (

    select
        work_item_id,
        min(history_position) as first_position,
        max(history_position) as last_position
    from entries
    group by work_item_id
    having count(history_number) < count(*)

),

directions as (

    select
        entries.work_item_id,
        max(case when entries.history_position = bounds.first_position then entries.changed_at end)
        > max(case when entries.history_position = bounds.last_position then entries.changed_at end)
            as is_newest_first
    from entries
    inner join bounds on entries.work_item_id = bounds.work_item_id
    group by entries.work_item_id

),

directed as (

    select
        entries.*,
        case when directions.is_newest_first then -entries.history_position else entries.history_position end as place
    from entries
    left join directions on entries.work_item_id = directions.work_item_id

)

select
    directed.*,
    row_number() over (
        partition by directed.work_item_id
        order by directed.changed_at, directed.history_number, directed.place, directed.history_key
    ) as entry_number
from directed
