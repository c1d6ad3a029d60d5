{{ config(materialized='view') }}
-- One row per source, table and state code, with the label it goes by: the table's own choices, what people were shown
-- in records, else the choices of `task`, which other tables inherit. A code that nothing labels is called by itself.
with records as (

    select * from {{ ref('stg_servicenow__records') }}

),

choices as (

    select
        *,
        -- Tables that keep their state in a field of their own name it so.
        case when element = 'state' then 0 else 1 end as element_preference
    from {{ ref('stg_servicenow__choices') }}
    where element in ('state', 'incident_state', 'problem_state')

),

codes as (

    select source_id, table_name, state_code from records
    where state_code is not null
    union
    select records.source_id, records.table_name, entries.old_value as state_code
    from {{ ref('stg_servicenow__audit_entries') }} as entries
    inner join records on entries.work_item_id = records.work_item_id
    where entries.field_name in ('state', 'incident_state', 'problem_state') and entries.old_value is not null
    union
    select records.source_id, records.table_name, entries.new_value as state_code
    from {{ ref('stg_servicenow__audit_entries') }} as entries
    inner join records on entries.work_item_id = records.work_item_id
    where entries.field_name in ('state', 'incident_state', 'problem_state') and entries.new_value is not null
    union
    select choices.source_id, choices.table_name, choices.choice_value as state_code
    from choices
    inner join records
        on choices.source_id = records.source_id
        and choices.table_name = records.table_name

),

labels as (

    select source_id, table_name, choice_value as state_code, label, element_preference as preference from choices
    union all
    select source_id, table_name, state_code, state_name as label, 2 as preference from records
    where state_name <> state_code
    union all
    select codes.source_id, codes.table_name, codes.state_code, choices.label, 3 + choices.element_preference
        as preference
    from codes
    inner join choices
        on codes.source_id = choices.source_id
        and choices.table_name = 'task'
        and codes.state_code = choices.choice_value

),

ranked as (

    select
        codes.source_id,
        codes.table_name,
        codes.state_code,
        coalesce(labels.label, codes.state_code) as state_name,
        row_number() over (
            partition by codes.source_id, codes.table_name, codes.state_code order by labels.preference, labels.label
        ) as recency
    from codes
    left join labels
        on codes.source_id = labels.source_id
        and codes.table_name = labels.table_name
        and codes.state_code = labels.state_code
        and labels.label is not null

)

select
    source_id,
    table_name,
    state_code,
    {{ servicenow_status_id('table_name', 'state_code') }} as status_id,
    state_name as status_name,
    -- A code that nothing labels tells nothing.
    case when state_name <> state_code then {{ servicenow_status_kind('state_name') }} end as status_kind
from ranked
where recency = 1
