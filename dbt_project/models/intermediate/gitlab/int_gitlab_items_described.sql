{{ config(materialized='view') }}
-- GitLab's issues and epics in the vocabulary of all tools.
-- In a source that plans in iterations a milestone is a version; else it is the iteration.
-- An issue moved to a project that was not exported is closed with the resolution `moved`: whether that was a finish or
-- a cancellation is the portfolio's to say. Nothing else counts its work.
with items as (

    select * from {{ ref('int_gitlab_items_unioned') }}

),

events as (

    select * from {{ ref('int_gitlab_status_events_listed') }}

),

planning as (

    select
        source_id,
        max(iteration_id is not null) as has_iterations
    from items
    group by source_id

),

labels as (

    select
        work_item_id,
        label
    from (
        select
            work_item_id,
            status_labels,
            {{ lines_of('labels') }} as label
        from items
        where statuses_from = 'labels'
    ) as borne
    where {{ matches_a_pattern('label', 'status_labels') }}

),

now as (

    {{ status_now_by_labels('items', 'labels', 'events') }}

),

births as (

    select
        work_item_id,
        status_to as initial_status
    from {{ ref('int_gitlab_statuses_split') }}
    where status_from is null

)

select
    items.work_item_id,
    items.source_id,
    items.native_id,
    items.item_key,
    items.project,
    items.item_type,
    items.is_subtask,
    items.title,
    cast(null as varchar) as status_id,
    now.status_name,
    case now.status_name when 'closed' then 'done' when 'open' then 'queue' end as status_kind,
    births.initial_status,
    case
        when items.moved_to_id is not null then 'moved'
        when items.duplicate_of is not null then 'duplicate'
    end as resolution,
    cast(null as varchar) as priority,
    nullif(items.labels, '') as labels,
    cast(null as varchar[]) as components,
    cast(null as varchar) as team_value,
    cast(null as varchar) as flag_value,
    cast(null as varchar) as blocked_reason,
    items.estimate,
    items.parent_ref,
    coalesce(
        'iteration-' || items.iteration_id,
        case when not planning.has_iterations then 'milestone-' || items.milestone_id end
    ) as iteration_ref,
    {{ list_of_known(['case when planning.has_iterations then items.milestone_title end']) }} as fix_versions,
    cast(null as varchar[]) as affected_versions,
    items.created_at,
    items.updated_at,
    case when items.is_closed then items.closed_at end as resolved_at,
    cast(null as bigint) as n_histories_announced,
    items.has_changelog,
    cast(null as timestamptz) as removed_at,
    cast(null as varchar) as removal,
    items.web_url
from items
inner join now on items.work_item_id = now.work_item_id
inner join planning on items.source_id = planning.source_id
left join births on items.work_item_id = births.work_item_id
