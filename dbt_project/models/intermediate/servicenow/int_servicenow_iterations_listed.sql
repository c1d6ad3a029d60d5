{{ config(materialized='view') }}
-- Sprints of agile development in the vocabulary of all tools.
with records as (

    select * from {{ ref('stg_servicenow__records') }}

),

states as (

    select * from {{ ref('int_servicenow_states_listed') }}

)

select
    records.source_id,
    records.record_id as iteration_id,
    coalesce(records.title, records.record_number) as iteration_name,
    cast(null as varchar) as iteration_path,
    records.goal,
    case states.status_kind when 'queue' then 'future' when 'active' then 'active' when 'done' then 'closed' end
        as state,
    records.planned_start_at as started_at,
    records.planned_end_at,
    records.closed_at as completed_at,
    cast(null as varchar) as board_id
from records
left join states
    on records.source_id = states.source_id
    and records.table_name = states.table_name
    and records.state_code = states.state_code
where records.table_name = 'rm_sprint'
