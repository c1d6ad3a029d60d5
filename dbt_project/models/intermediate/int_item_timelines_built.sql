{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched() }}"
) }}
-- One row per item and moment at which something about it may have changed, with everything that was in force from
-- then on: status, resolution, key, type, team, flag, labels, components, reason. The first row is the item's birth.
--
-- What was in force at birth is told by the first change's own `from`, whenever that change came (also after as_of);
-- an attribute that never changed is as it is now.
--
-- Where the newest export shows another status than the changes lead to (a workflow migration writes no history), the
-- item is in it from its resolution or else from its last update on; else it would stay in progress for ever. Where an
-- item was resolved without any change being known, its status before is "Unknown". Both histories count as broken.
--
-- Nothing happens to an item after it was removed from its tool: no change, and no mapping that begins to hold later.
-- To move or convert an item closes it within the same minute; that is no finish, because its work goes on elsewhere.
{% set attributes = [
    'status', 'resolution', 'key', 'type', 'team', 'flagged', 'labels', 'components', 'blocked_reason',
] %}
with items as (

    select *
    from {{ ref('int_items_unioned') }}
    where {{ is_touched('work_item_id') }}

),

entries as (

    select *
    from {{ ref('int_item_histories_pivoted') }}
    where {{ is_touched('work_item_id') }}

),

boundaries as (

    select * from {{ ref('int_mapping_boundaries_listed') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

-- What the first change of each attribute began from, and what the last change of status led to.
told as (

    select
        work_item_id,
        min(case when entry_number = 1 then changed_at end) as first_changed_at,
        {% for attribute in attributes -%}
        {{ earliest_known(attribute ~ '_from', 'entry_number') }} as {{ attribute }}_first,
        {% endfor -%}
        {{ earliest_known("case when status_from is not null then coalesce(status_from_id, '') end", 'entry_number') }}
            as status_first_id,
        {{ latest_known('status_to', 'entry_number') }} as last_status,
        {{ latest_known("case when status_to is not null then coalesce(status_to_id, '') end", 'entry_number') }}
            as last_status_id,
        {{ latest_known('case when status_to is not null then changed_at end', 'entry_number') }} as last_status_at
    from entries
    group by work_item_id

),

births as (

    select
        items.work_item_id,
        least(items.created_at, coalesce(told.first_changed_at, items.created_at)) as event_at,
        case
            when {{ is_resolved_without_a_change('items', '(told.status_first is not null)') }} then 'Unknown'
            else coalesce(told.status_first, items.initial_status, items.status_name)
        end as status,
        case
            when {{ is_resolved_without_a_change('items', '(told.status_first is not null)') }} then ''
            when told.status_first is not null then told.status_first_id
            else items.status_id
        end as status_id,
        coalesce(told.resolution_first, items.resolution, '') as resolution,
        coalesce(told.key_first, items.item_key) as key,
        coalesce(told.type_first, items.item_type) as type,
        coalesce(told.team_first, items.team_value, '') as team,
        coalesce(told.flagged_first, items.flag_value, '') as flagged,
        coalesce(told.labels_first, items.labels, '') as labels,
        coalesce(told.components_first, {{ joined_text('items.components') }}, '') as components,
        coalesce(told.blocked_reason_first, items.blocked_reason, '') as blocked_reason
    from items
    left join told on items.work_item_id = told.work_item_id

),

closings as (

    select
        items.work_item_id,
        items.created_at,
        items.removed_at,
        items.removal,
        greatest(
            coalesce(told.last_status_at, items.created_at),
            case when items.status_kind = 'done' or not items.has_changelog
                    then coalesce(items.resolved_at, items.updated_at)
                else items.updated_at end
        ) as told_at,
        items.status_name as status,
        coalesce(items.status_id, '') as status_id
    from items
    left join told on items.work_item_id = told.work_item_id
    where (
            told.last_status is not null
            and {{ statuses_differ(
                'told.last_status_id', 'told.last_status', 'items.status_id', 'items.status_name'
            ) }}
        )
        or {{ is_resolved_without_a_change('items', '(told.last_status is not null)') }}

),

-- The newest export of an archived item was made after its removal, and so was its last update often.
dated_closings as (

    select
        *,
        case when told_at > removed_at then greatest(created_at, removed_at) else told_at end as event_at
    from closings

),

events as (

    select
        *,
        0 as event_order
    from births

    union all

    select
        entries.work_item_id,
        entries.changed_at as event_at,
        entries.status_to as status,
        case when entries.status_to is not null then coalesce(entries.status_to_id, '') end as status_id,
        entries.resolution_to as resolution,
        entries.key_to as key,
        entries.type_to as type,
        entries.team_to as team,
        entries.flagged_to as flagged,
        entries.labels_to as labels,
        entries.components_to as components,
        entries.blocked_reason_to as blocked_reason,
        entries.entry_number as event_order
    from entries
    inner join items on entries.work_item_id = items.work_item_id
    where not entries.is_after_as_of
        and (
            items.removed_at is null
            or {{ happens_before_removal('entries.changed_at', 'items') }}
        )

    union all

    select
        closings.work_item_id,
        closings.event_at,
        closings.status,
        closings.status_id,
        cast(null as varchar) as resolution,
        cast(null as varchar) as key,
        cast(null as varchar) as type,
        cast(null as varchar) as team,
        cast(null as varchar) as flagged,
        cast(null as varchar) as labels,
        cast(null as varchar) as components,
        cast(null as varchar) as blocked_reason,
        2147483647 as event_order
    from dated_closings as closings
    cross join refresh
    where closings.event_at <= refresh.as_of
        and (
            closings.removed_at is null
            or {{ happens_before_removal('closings.event_at', 'closings') }}
        )

    union all

    select
        births.work_item_id,
        boundaries.boundary_at as event_at,
        cast(null as varchar) as status,
        cast(null as varchar) as status_id,
        cast(null as varchar) as resolution,
        cast(null as varchar) as key,
        cast(null as varchar) as type,
        cast(null as varchar) as team,
        cast(null as varchar) as flagged,
        cast(null as varchar) as labels,
        cast(null as varchar) as components,
        cast(null as varchar) as blocked_reason,
        -1 as event_order
    from births
    inner join items on births.work_item_id = items.work_item_id
    cross join boundaries
    cross join refresh
    where boundaries.boundary_at > births.event_at
        and boundaries.boundary_at <= refresh.as_of
        and (items.removed_at is null or boundaries.boundary_at < items.removed_at)

),

{% set lives = 'partition by work_item_id order by event_at, event_order' %}
carried as (

    select
        work_item_id,
        row_number() over ({{ lives }}) as event_number,
        event_at,
        lead(event_at) over ({{ lives }}) as next_event_at,
        {% for attribute in attributes + ['status_id'] -%}
        {{ last_known(attribute, lives) }} as {{ attribute }}{{ ',' if not loop.last }}
        {% endfor %}
    from events

)

select
    carried.work_item_id,
    items.source_id,
    carried.event_number,
    carried.event_at,
    carried.next_event_at,
    carried.status,
    nullif(carried.status_id, '') as status_id,
    nullif(carried.resolution, '') as resolution,
    carried.key as item_key,
    -- An earlier key tells the project of its day; what a key of today looks like is the tool's own affair.
    case
        when carried.key = items.item_key then items.project
        else coalesce(nullif(regexp_replace(carried.key, '[-#!][0-9]+$', ''), carried.key), items.project)
    end as project,
    carried.type as item_type,
    nullif(carried.team, '') as team_value,
    nullif(carried.flagged, '') as flag_value,
    carried.labels,
    nullif(carried.blocked_reason, '') as blocked_reason,
    carried.components,
    items.is_subtask,
    items.removed_at
from carried
inner join items on carried.work_item_id = items.work_item_id
