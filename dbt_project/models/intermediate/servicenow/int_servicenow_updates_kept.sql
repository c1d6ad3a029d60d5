{{ config(materialized='view') }}
-- The audit log's updates with what was in force before each: a row shows an incident as it was then, so what differs
-- from the row before is what changed. A row without a readable state says nothing of it. Incidents of which the same
-- source has the record itself are left to that.
with updates as (

    select * from {{ ref('stg_servicenow__incident_updates') }}

),

records as (

    select distinct
        source_id,
        record_number
    from {{ ref('stg_servicenow__records') }}

),

carried as (

    select
        updates.*,
        {{ last_known('updates.status_name', 'partition by updates.work_item_id order by updates.update_number') }}
            as status_in_force
    from updates
    left join records
        on updates.source_id = records.source_id
        and updates.incident_number = records.record_number
    where records.record_number is null

)

select
    *,
    lag(status_in_force) over (partition by work_item_id order by update_number) as previous_status,
    lag(assignment_group) over (partition by work_item_id order by update_number) as previous_group,
    lag(updated_at) over (partition by work_item_id order by update_number) as previous_updated_at,
    row_number() over (partition by work_item_id order by update_number desc) as recency
from carried
