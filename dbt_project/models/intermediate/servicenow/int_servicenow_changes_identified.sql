{{ config(materialized='view') }}
-- ServiceNow's changes in the vocabulary of all tools: audit entries of records, and what differs from one row of the
-- audit log to the next.
--
-- The log has no row for what it does not show. An update of a resolved incident at the moment that its resolved_at
-- names resolved it anew, although its state was Resolved before: that is a change of the status to itself.
with records as (

    select * from {{ ref('stg_servicenow__records') }}

),

states as (

    select * from {{ ref('int_servicenow_states_listed') }}

),

groups as (

    select
        source_id,
        group_id,
        min(group_name) as group_name
    from (
        select source_id, group_id, group_name from {{ ref('stg_servicenow__groups') }}
        union
        select source_id, assignment_group_id as group_id, assignment_group as group_name
        from records
        where assignment_group <> assignment_group_id
    ) as known
    group by source_id, group_id

),

choices as (

    select * from {{ ref('stg_servicenow__choices') }}

),

field_roles as (

    select
        source_id,
        lower(field_id) as field_name,
        case field_role when 'sprint' then 'iteration' else field_role end as attribute
    from {{ ref('stg_portfolio__field_roles') }}

),

entries as (

    select
        entries.*,
        records.table_name as class_name,
        case
            when field_roles.attribute is not null then field_roles.attribute
            when entries.field_name in ('state', 'incident_state', 'problem_state') then 'status'
            when entries.field_name = 'assignment_group' then 'team'
            when entries.field_name in ('hold_reason', 'on_hold_reason') then 'blocked_reason'
            when entries.field_name in ('category', 'subcategory') then 'components'
            when entries.field_name in ('parent', 'parent_incident', 'epic') then 'parent'
            when entries.field_name = 'sprint' then 'iteration'
            when entries.field_name = 'story_points' then 'estimate'
            when entries.field_name = 'close_code' then 'resolution'
        end as attribute,
        -- Tables that keep a state of their own write both it and `state`.
        max(case when entries.field_name = 'state' then 1 else 0 end) over (
            partition by entries.work_item_id
        ) as has_state
    from {{ ref('stg_servicenow__audit_entries') }} as entries
    inner join records on entries.work_item_id = records.work_item_id
    left join field_roles
        on entries.source_id = field_roles.source_id
        and entries.field_name = field_roles.field_name

),

followed as (

    select *
    from entries
    where coalesce(attribute, '') <> 'status'
        -- What writes down a new record is no change of its state.
        or (old_value is not null and (field_name = 'state' or has_state = 0))

),

audited as (

    select
        followed.work_item_id,
        coalesce(cast(followed.record_checkpoint as varchar), cast(followed.changed_at as varchar)) as history_key,
        followed.record_checkpoint as history_number,
        cast(null as bigint) as history_position,
        row_number() over (
            partition by followed.work_item_id, followed.record_checkpoint, followed.changed_at
            order by followed.field_name, followed.audit_id
        ) as item_position,
        followed.changed_at,
        followed.attribute,
        coalesce(old_states.status_id, case when followed.attribute = 'team' then followed.old_value end) as from_id,
        coalesce(old_states.status_name, old_groups.group_name, old_reasons.label, followed.old_value) as from_value,
        coalesce(new_states.status_id, case when followed.attribute = 'team' then followed.new_value end) as to_id,
        coalesce(new_states.status_name, new_groups.group_name, new_reasons.label, followed.new_value) as to_value
    from followed
    {% for side in ['old', 'new'] %}
    left join states as {{ side }}_states
        on followed.attribute = 'status'
        and followed.source_id = {{ side }}_states.source_id
        and followed.class_name = {{ side }}_states.table_name
        and followed.{{ side }}_value = {{ side }}_states.state_code
    left join groups as {{ side }}_groups
        on followed.attribute = 'team'
        and followed.source_id = {{ side }}_groups.source_id
        and followed.{{ side }}_value = {{ side }}_groups.group_id
    left join choices as {{ side }}_reasons
        on followed.attribute = 'blocked_reason'
        and followed.source_id = {{ side }}_reasons.source_id
        and followed.class_name = {{ side }}_reasons.table_name
        and followed.field_name = {{ side }}_reasons.element
        and followed.{{ side }}_value = {{ side }}_reasons.choice_value
    {% endfor %}

),

logged as (

    select
        *,
        coalesce(
            status_in_force <> previous_status
            or (
                status_in_force = previous_status
                and status_name = 'Resolved'
                and updated_at = resolved_at
                and previous_updated_at < updated_at
            ),
            false
        ) as has_status_change,
        coalesce(assignment_group, '') <> coalesce(previous_group, '') as has_group_change
    from {{ ref('int_servicenow_updates_kept') }}
    where update_number > 1

)

select * from audited

union all

select
    work_item_id,
    cast(update_number as varchar) as history_key,
    cast(update_number as bigint) as history_number,
    cast(update_number as bigint) as history_position,
    1 as item_position,
    updated_at as changed_at,
    'status' as attribute,
    cast(null as varchar) as from_id,
    previous_status as from_value,
    cast(null as varchar) as to_id,
    status_in_force as to_value
from logged
where has_status_change

union all

select
    work_item_id,
    cast(update_number as varchar) as history_key,
    cast(update_number as bigint) as history_number,
    cast(update_number as bigint) as history_position,
    2 as item_position,
    updated_at as changed_at,
    'team' as attribute,
    cast(null as varchar) as from_id,
    previous_group as from_value,
    cast(null as varchar) as to_id,
    assignment_group as to_value
from logged
where has_group_change
