-- One row per update of an incident, however often the log was exported, in the order in which the updates were made:
-- by time, within a minute by the count of updates, and where that runs backwards too by the place in the file.
-- A state that is a negative number is none: the log holds such where a state could not be read.
with counted as (

    select
        *,
        row_number() over (
            partition by source_id, export_file, number, updated, sys_mod_count
            order by record_number
        ) as occurrence
    from {{ source('raw_servicenow', 'incident_updates') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_id, number, updated, sys_mod_count, occurrence
            order by exported_at desc, export_file desc
        ) as recency
    from counted

)

select
    source_id || ':' || number as work_item_id,
    source_id,
    number as incident_number,
    row_number() over (
        partition by source_id, number
        order by updated, sys_mod_count, exported_at, record_number
    ) as update_number,
    case when not regexp_matches(incident_state, '^-[0-9]+$') then incident_state end as status_name,
    is_active,
    assignment_group,
    category,
    subcategory,
    priority,
    impact,
    urgency,
    problem_id,
    rfc as change_id,
    caused_by as caused_by_id,
    closed_code as resolution,
    cmdb_ci as configuration_item,
    sys_mod_count,
    opened as opened_at,
    created as created_at,
    updated as updated_at,
    resolved as resolved_at,
    closed as closed_at
from ranked
where recency = 1
