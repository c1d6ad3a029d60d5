-- One row per record: of several exports the newest `updated` counts, then the newest export. The class of a record
-- that does not say it is told by the prefix of its number. A record without `state` is in its incident_state.
with classed as (

    select
        *,
        coalesce(
            case lower(replace(class_name, ' ', '_')) when 'story' then 'rm_story' when 'epic' then 'rm_epic'
                else lower(replace(class_name, ' ', '_')) end,
            case regexp_extract(number, '^[A-Z]+')
                when 'INC' then 'incident'
                when 'PRB' then 'problem'
                when 'CHG' then 'change_request'
                when 'STRY' then 'rm_story'
                when 'EPIC' then 'rm_epic'
                when 'SPNT' then 'rm_sprint'
                else 'task'
            end
        ) as table_name,
        row_number() over (
            partition by source_id, sys_id
            order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_servicenow', 'records') }}

)

select
    source_id || ':' || sys_id as work_item_id,
    source_id,
    sys_id as record_id,
    number as record_number,
    table_name,
    title,
    coalesce(state_value, incident_state_value) as state_code,
    case when state_value is not null then state_name else incident_state_name end as state_name,
    try_cast(active as boolean) as is_active,
    assignment_group_id,
    coalesce(assignment_group_name, assignment_group_id) as assignment_group,
    category,
    subcategory,
    priority,
    impact,
    urgency,
    severity,
    close_code as resolution,
    coalesce(service_name, configuration_item_name) as service,
    coalesce(blocked_reason_field, on_hold_reason, hold_reason) as blocked_reason,
    team_field as team_value,
    flagged_field as flag_value,
    try_cast(coalesce(estimate_field, story_points) as double) as estimate,
    coalesce(parent_field, epic_id, parent_id, parent_incident_id) as parent_ref,
    parent_id,
    problem_id,
    change_id,
    caused_by_id,
    coalesce(sprint_field, sprint_id) as iteration_ref,
    goal,
    opened as opened_at,
    created as created_at,
    updated as updated_at,
    resolved as resolved_at,
    closed as closed_at,
    planned_start as planned_start_at,
    planned_end as planned_end_at
from classed
where recency = 1
