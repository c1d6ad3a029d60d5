{{ config(materialized='view') }}
-- Work items in the vocabulary of all tools: the newest revision of each, and what updates tell of later ones. An item
-- of which only updates were exported is put together from them, if they reach back to its creation.
{% set texts = [
    'project', 'area_path', 'item_type', 'state', 'reason', 'title', 'tags', 'priority', 'found_in', 'integrated_in',
    'iteration_path', 'team', 'parent', 'estimate', 'flagged', 'blocked_reason',
] %}
{% set instants = ['created', 'resolved', 'closed'] %}
with revisions as (

    select
        *,
        row_number() over (partition by work_item_id order by rev desc) as recency,
        count(*) over (partition by work_item_id) as n_revisions,
        max(case when rev = 1 then state end) over (partition by work_item_id) as first_state
    from {{ ref('stg_azure_devops__work_item_revisions') }}

),

newest as (

    select * from revisions
    where recency = 1

),

told as (

    select
        work_item_id,
        source_id,
        field_role,
        rev,
        new_value,
        row_number() over (partition by work_item_id, field_role order by update_id desc) as recency,
        case when field_role = 'state' and rev = 1 then new_value end as first_state
    from {{ ref('stg_azure_devops__work_item_update_fields') }}

),

folded as (

    select
        work_item_id,
        source_id,
        {% for role in texts + instants + ['is_deleted'] -%}
        max(case when field_role = '{{ role }}' and recency = 1 then new_value end) as {{ role }},
        max(case when field_role = '{{ role }}' and recency = 1 then rev end) as {{ role }}_rev,
        {% endfor -%}
        max(first_state) as first_state
    from told
    group by work_item_id, source_id

),

updates as (

    select
        work_item_id,
        max(native_id) as native_id,
        max(rev) as rev,
        max(made_at) as made_at
    from {{ ref('int_azure_devops_updates_dated') }}
    group by work_item_id

),

described as (

    select
        coalesce(newest.work_item_id, folded.work_item_id) as work_item_id,
        coalesce(newest.source_id, folded.source_id) as source_id,
        coalesce(newest.native_id, updates.native_id) as native_id,
        greatest(coalesce(newest.rev, 0), coalesce(updates.rev, 0)) as rev,
        {% for role in texts -%}
        case when folded.{{ role }}_rev > coalesce(newest.rev, 0) then folded.{{ role }} else newest.{{ role }} end
            as {{ role }},
        {% endfor -%}
        coalesce(newest.created_at, try_cast(folded.created as timestamp with time zone)) as created_at,
        {% for role in ['resolved', 'closed'] -%}
        case
            when folded.{{ role }}_rev > coalesce(newest.rev, 0)
                then try_cast(folded.{{ role }} as timestamp with time zone)
            else newest.{{ role }}_at
        end as {{ role }}_at,
        {% endfor -%}
        case
            when folded.is_deleted_rev > coalesce(newest.rev, 0) then lower(folded.is_deleted) = 'true'
            else newest.is_deleted
        end as is_deleted,
        greatest(coalesce(newest.changed_at, newest.created_at), updates.made_at) as updated_at,
        coalesce(folded.first_state, newest.first_state) as initial_status,
        -- A work item that never changed shows the whole of its history.
        coalesce(newest.rev, 0) = 1 or newest.n_revisions > 1 or updates.work_item_id is not null as has_changelog,
        newest.web_url
    from newest
    full outer join folded on newest.work_item_id = folded.work_item_id
    left join updates on coalesce(newest.work_item_id, folded.work_item_id) = updates.work_item_id

),

statuses as (

    select * from {{ ref('int_azure_devops_statuses_listed') }}

),

parents as (

    select
        work_item_id,
        max(linked_ref) as parent_ref
    from {{ ref('int_azure_devops_links_built') }}
    where relation = 'parent'
        and is_there
    group by work_item_id

),

link_entries as (

    select
        work_item_id,
        count(distinct history_key) as n_link_entries
    from {{ ref('int_azure_devops_changes_identified') }}
    where history_key like 'update %'
    group by work_item_id

),

deletions as (

    select * from {{ ref('stg_azure_devops__deleted_work_items') }}

),

removals as (

    -- A work item taken out of the recycle bin has been changed since.
    select
        described.work_item_id,
        coalesce(deletions.deleted_at, described.updated_at) as removed_at
    from described
    left join deletions on described.work_item_id = deletions.work_item_id
    where described.is_deleted
        or {{ seconds_between('deletions.deleted_at', 'described.updated_at') }} <= 60

)

select
    described.work_item_id,
    described.source_id,
    described.native_id,
    'AB#' || described.native_id as item_key,
    described.project,
    described.item_type,
    -- The task category of every process that Azure DevOps is delivered with.
    coalesce(lower(described.item_type) = 'task', false) as is_subtask,
    described.title,
    cast(null as varchar) as status_id,
    described.state as status_name,
    statuses.status_kind,
    described.initial_status,
    described.reason as resolution,
    described.priority,
    {{ azure_devops_labels('described.tags') }} as labels,
    {{ azure_devops_path_with_ancestors('described.area_path') }} as components,
    described.team as team_value,
    {{ azure_devops_flag('described.flagged') }} as flag_value,
    described.blocked_reason,
    try_cast(described.estimate as double) as estimate,
    coalesce(described.parent, parents.parent_ref) as parent_ref,
    described.iteration_path as iteration_ref,
    {{ azure_devops_list_of_one('described.integrated_in') }} as fix_versions,
    {{ azure_devops_list_of_one('described.found_in') }} as affected_versions,
    described.created_at,
    described.updated_at,
    case
        when statuses.status_kind = 'done' then coalesce(described.closed_at, described.resolved_at)
    end as resolved_at,
    case when described.has_changelog then described.rev - 1 + coalesce(link_entries.n_link_entries, 0) end
        as n_histories_announced,
    described.has_changelog,
    removals.removed_at,
    case when removals.removed_at is not null then 'deleted' end as removal,
    described.web_url
from described
left join statuses
    on described.source_id = statuses.source_id
    and lower(described.state) = lower(statuses.status_name)
left join parents on described.work_item_id = parents.work_item_id
left join link_entries on described.work_item_id = link_entries.work_item_id
left join removals on described.work_item_id = removals.work_item_id
where described.created_at is not null
