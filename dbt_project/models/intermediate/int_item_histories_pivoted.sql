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
    {%- if not loop.last %}
    where attribute not in ('components', 'parent', 'iteration')

    union all

    {% endif %}
    {%- endfor %}

),

entries as (

    select
        work_item_id,
        history_key,
        min(changed_at) as changed_at,
        max(history_number) as history_number,
        max(history_position) as history_position,
        is_after_as_of,
        {% for attribute in attributes -%}
        max(case when attribute = '{{ attribute }}' then coalesce(from_value, '') end) as {{ attribute }}_from,
        max(case when attribute = '{{ attribute }}' then coalesce(to_value, '') end) as {{ attribute }}_to,
        {% endfor -%}
        max(case when attribute = 'status' then from_id end) as status_from_id,
        max(case when attribute = 'status' then to_id end) as status_to_id
    from changes
    group by work_item_id, history_key, is_after_as_of

),

-- Without ids only the place in the export tells two changes of one second apart, and some exports list the newest
-- first.
directed as (

    select
        *,
        case
            when {{ first_known('changed_at', 'partition by work_item_id order by history_position') }}
                > {{ first_known('changed_at', 'partition by work_item_id order by history_position desc') }}
                then -history_position
            else history_position
        end as place
    from entries

)

select
    directed.*,
    row_number() over (
        partition by directed.work_item_id
        order by directed.changed_at, directed.history_number, directed.place, directed.history_key
    ) as entry_number
from directed
