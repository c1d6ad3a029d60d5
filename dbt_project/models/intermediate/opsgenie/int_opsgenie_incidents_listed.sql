{{ config(materialized='view') }}
-- Incidents, or alerts for a source that exports no incidents: an incident is made of alerts, and both would count it
-- twice.
{% set columns = [
    'incident_id', 'source_id', 'native_id', 'incident_key', 'title', 'service', 'severity', 'urgency', 'status',
    'opened_at', 'acknowledged_at', 'resolved_at'
] -%}
with incidents as (

    select * from {{ ref('stg_opsgenie__incidents') }}

)

select {{ columns | join(', ') }}
from incidents

union all

select {{ columns | join(', ') }}
from {{ ref('stg_opsgenie__alerts') }}
where source_id not in (select incidents.source_id from incidents)
