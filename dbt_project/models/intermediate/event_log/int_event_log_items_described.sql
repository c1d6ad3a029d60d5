{{ config(materialized='view') }}
-- Items of event logs in the vocabulary of all tools: what is known of an item is what its last row says that says it.
-- An item is born when it was created, where a log tells that, else at its first event. Of an item that is known to be
-- resolved and no more nothing but that is known: it counts in throughput, and has no history.
{% set attributes = [
    'item_key', 'title', 'item_type', 'team_value', 'estimate', 'resolution', 'project', 'parent_ref'
] %}
with events as (

    select
        *,
        coalesce(started_at, happened_at, resolved_at) as told_at
    from {{ ref('stg_event_log__events') }}

),

entered as (

    select * from {{ ref('int_event_log_statuses_entered') }}

),

statuses as (

    select * from {{ ref('int_event_log_statuses_listed') }}

),

known as (

    select
        *,
        {% for attribute in attributes -%}
        {{ last_known(attribute, 'partition by work_item_id order by told_at, event_position') }}
            as {{ attribute }}_known,
        {% endfor -%}
        row_number() over (partition by work_item_id order by told_at desc, event_position desc) as recency
    from events

),

lives as (

    select
        work_item_id,
        min(created_at) as created_at,
        min(told_at) as first_told_at,
        max(greatest(told_at, coalesce(happened_at, told_at), coalesce(resolved_at, told_at))) as updated_at,
        max(resolved_at) as resolved_at
    from events
    group by work_item_id

),

births as (

    select
        work_item_id,
        status
    from entered
    where entry_number = 1

),

ends as (

    select
        work_item_id,
        status
    from (
        select
            *,
            row_number() over (partition by work_item_id order by entry_number desc) as recency
        from entered
    ) as ranked
    where recency = 1

)

select
    known.work_item_id,
    known.source_id,
    known.native_id,
    coalesce(known.item_key_known, known.native_id) as item_key,
    known.project_known as project,
    known.item_type_known as item_type,
    false as is_subtask,
    known.title_known as title,
    cast(null as varchar) as status_id,
    coalesce(ends.status, 'Resolved') as status_name,
    case when ends.work_item_id is null then 'done' else statuses.status_kind end as status_kind,
    births.status as initial_status,
    known.resolution_known as resolution,
    cast(null as varchar) as priority,
    cast(null as varchar) as labels,
    {{ list_of_known(['cast(null as varchar)']) }} as components,
    known.team_value_known as team_value,
    cast(null as varchar) as flag_value,
    cast(null as varchar) as blocked_reason,
    known.estimate_known as estimate,
    known.parent_ref_known as parent_ref,
    cast(null as varchar) as iteration_ref,
    cast(null as varchar[]) as fix_versions,
    cast(null as varchar[]) as affected_versions,
    least(lives.created_at, lives.first_told_at) as created_at,
    lives.updated_at,
    lives.resolved_at,
    cast(null as bigint) as n_histories_announced,
    ends.work_item_id is not null as has_changelog,
    cast(null as timestamptz) as removed_at,
    cast(null as varchar) as removal,
    cast(null as varchar) as web_url
from known
inner join lives on known.work_item_id = lives.work_item_id
left join births on known.work_item_id = births.work_item_id
left join ends on known.work_item_id = ends.work_item_id
left join statuses
    on known.source_id = statuses.source_id
    and ends.status = statuses.status_name
where known.recency = 1
