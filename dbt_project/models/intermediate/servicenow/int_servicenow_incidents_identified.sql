{{ config(materialized='view') }}
-- ServiceNow's incidents in the delivery vocabulary. An incident is acknowledged when it first leaves the state that it
-- was opened in; one opened in another state than New was acknowledged from the start.
with items as (

    select * from {{ ref('int_servicenow_items_described') }}
    where item_type = 'incident'

),

first_moves as (

    select
        work_item_id,
        min(changed_at) as moved_at
    from {{ ref('int_servicenow_changes_identified') }}
    where attribute = 'status'
    group by work_item_id

),

records as (

    select
        work_item_id,
        severity,
        impact,
        urgency
    from {{ ref('stg_servicenow__records') }}

    union all

    select
        work_item_id,
        cast(null as varchar) as severity,
        impact,
        urgency
    from {{ ref('int_servicenow_updates_kept') }}
    where recency = 1

)

select
    items.work_item_id as incident_id,
    items.source_id,
    items.native_id,
    items.item_key as incident_key,
    items.title,
    items.project as service,
    coalesce(records.severity, records.impact) as severity,
    records.urgency,
    case
        when items.status_kind = 'done' then 'resolved'
        when lower(items.status_name) = 'new' then 'open'
        else 'acknowledged'
    end as status,
    items.created_at as opened_at,
    case
        when lower(items.initial_status) <> 'new' then items.created_at
        else first_moves.moved_at
    end as acknowledged_at,
    case when items.status_kind = 'done' then items.resolved_at end as resolved_at
from items
left join first_moves on items.work_item_id = first_moves.work_item_id
left join records on items.work_item_id = records.work_item_id
