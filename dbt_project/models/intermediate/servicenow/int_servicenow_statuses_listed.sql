{{ config(materialized='view') }}
-- ServiceNow's states in the vocabulary of all tools: those of the Table API by table and code, those of the audit log,
-- which has no codes, by name.
select
    source_id,
    status_id,
    status_name,
    status_kind
from {{ ref('int_servicenow_states_listed') }}

union all

select distinct
    source_id,
    cast(null as varchar) as status_id,
    status_name,
    {{ servicenow_status_kind('status_name') }} as status_kind
from {{ ref('stg_servicenow__incident_updates') }}
where status_name is not null
