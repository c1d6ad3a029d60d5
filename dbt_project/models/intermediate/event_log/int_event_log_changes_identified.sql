{{ config(materialized='view') }}
-- Event logs' changes in the vocabulary of all tools: of the status, and of team and type where rows of one item name
-- several.
with entered as (

    select * from {{ ref('int_event_log_statuses_entered') }}

),

events as (

    select
        *,
        coalesce(started_at, happened_at, resolved_at) as told_at
    from {{ ref('stg_event_log__events') }}

),

changes as (

    select
        work_item_id,
        'status' as attribute,
        entered_at as changed_at,
        entry_number as place,
        previous_status as from_value,
        status as to_value
    from entered
    where entry_number > 1

    {% for attribute, column in [('team', 'team_value'), ('type', 'item_type')] %}
    union all

    select
        work_item_id,
        '{{ attribute }}' as attribute,
        told_at as changed_at,
        event_position as place,
        previous_value as from_value,
        {{ column }} as to_value
    from (
        select
            *,
            lag({{ column }}) over (partition by work_item_id order by told_at, event_position) as previous_value
        from events
        where {{ column }} is not null
    ) as {{ attribute }}_values
    where {{ column }} <> previous_value
    {% endfor %}

)

select
    work_item_id,
    attribute || ' ' || cast(place as varchar) as history_key,
    cast(null as bigint) as history_number,
    row_number() over (partition by work_item_id order by changed_at, attribute, place) as history_position,
    1 as item_position,
    changed_at,
    attribute,
    cast(null as varchar) as from_id,
    from_value,
    cast(null as varchar) as to_id,
    to_value
from changes
