{{ config(materialized='view') }}
-- ServiceNow's records, and incidents of which there is only the audit log, in the vocabulary of all tools. An item was
-- created when it was opened. The class is the type. A record has a history where any of its source has audit entries.
with records as (

    select * from {{ ref('stg_servicenow__records') }}

),

states as (

    select * from {{ ref('int_servicenow_states_listed') }}

),

audited_sources as (

    select distinct source_id from {{ ref('stg_servicenow__audit_entries') }}

),

-- The entry that writes down a new record changes its state from nothing.
created_in as (

    select
        work_item_id,
        max(new_value) as state_code
    from {{ ref('stg_servicenow__audit_entries') }}
    where field_name = 'state' and old_value is null and new_value is not null
    group by work_item_id

),

updates as (

    select * from {{ ref('int_servicenow_updates_kept') }}

),

first_states as (

    select
        work_item_id,
        status_in_force as status_name
    from (
        select
            *,
            row_number() over (partition by work_item_id order by update_number) as place
        from updates
        where status_in_force is not null
    ) as stated
    where place = 1

)

select
    records.work_item_id,
    records.source_id,
    records.record_id as native_id,
    records.record_number as item_key,
    records.service as project,
    records.table_name as item_type,
    false as is_subtask,
    records.title,
    states.status_id,
    coalesce(states.status_name, 'Unknown') as status_name,
    coalesce(states.status_kind, case when not records.is_active then 'done' end) as status_kind,
    initial.status_name as initial_status,
    records.resolution,
    records.priority,
    cast(null as varchar) as labels,
    {{ list_of_known(['records.category', 'records.subcategory']) }} as components,
    coalesce(records.team_value, records.assignment_group) as team_value,
    records.flag_value,
    records.blocked_reason,
    records.estimate,
    records.parent_ref,
    records.iteration_ref,
    cast(null as varchar[]) as fix_versions,
    cast(null as varchar[]) as affected_versions,
    coalesce(records.opened_at, records.created_at) as created_at,
    records.updated_at,
    coalesce(records.resolved_at, records.closed_at) as resolved_at,
    cast(null as bigint) as n_histories_announced,
    audited_sources.source_id is not null as has_changelog,
    cast(null as timestamptz) as removed_at,
    cast(null as varchar) as removal,
    cast(null as varchar) as web_url
from records
left join states
    on records.source_id = states.source_id
    and records.table_name = states.table_name
    and records.state_code = states.state_code
left join created_in on records.work_item_id = created_in.work_item_id
left join states as initial
    on records.source_id = initial.source_id
    and records.table_name = initial.table_name
    and created_in.state_code = initial.state_code
left join audited_sources on records.source_id = audited_sources.source_id
where records.table_name <> 'rm_sprint'

union all

select
    updates.work_item_id,
    updates.source_id,
    updates.incident_number as native_id,
    updates.incident_number as item_key,
    updates.configuration_item as project,
    'incident' as item_type,
    false as is_subtask,
    cast(null as varchar) as title,
    cast(null as varchar) as status_id,
    coalesce(updates.status_in_force, 'Unknown') as status_name,
    {{ servicenow_status_kind('updates.status_in_force') }} as status_kind,
    first_states.status_name as initial_status,
    updates.resolution,
    updates.priority,
    cast(null as varchar) as labels,
    {{ list_of_known(['updates.category', 'updates.subcategory']) }} as components,
    updates.assignment_group as team_value,
    cast(null as varchar) as flag_value,
    cast(null as varchar) as blocked_reason,
    cast(null as double) as estimate,
    cast(null as varchar) as parent_ref,
    cast(null as varchar) as iteration_ref,
    cast(null as varchar[]) as fix_versions,
    cast(null as varchar[]) as affected_versions,
    least(coalesce(updates.opened_at, updates.created_at, first_updates.updated_at), first_updates.updated_at)
        as created_at,
    updates.updated_at,
    coalesce(updates.resolved_at, updates.closed_at) as resolved_at,
    cast(null as bigint) as n_histories_announced,
    true as has_changelog,
    cast(null as timestamptz) as removed_at,
    cast(null as varchar) as removal,
    cast(null as varchar) as web_url
from updates
inner join updates as first_updates
    on updates.work_item_id = first_updates.work_item_id
    and first_updates.update_number = 1
left join first_states on updates.work_item_id = first_states.work_item_id
where updates.recency = 1
