{{ config(materialized='view') }}
-- States with their kind: as listed by the instance, else as Analytics files them, else as the processes that Azure
-- DevOps is delivered with have them. A state that only one item was ever in is here too. Azure DevOps knows a state by
-- its name alone, so it has no other id.
with revisions as (

    select * from {{ ref('stg_azure_devops__work_item_revisions') }}

),

seen as (

    select
        source_id,
        state
    from revisions

    union

    select
        source_id,
        new_value as state
    from {{ ref('stg_azure_devops__work_item_update_fields') }}
    where field_role = 'state'

    union

    select
        source_id,
        old_value as state
    from {{ ref('stg_azure_devops__work_item_update_fields') }}
    where field_role = 'state'

),

filed as (

    select
        source_id,
        state,
        state_category,
        1 as preference
    from {{ ref('stg_azure_devops__states') }}

    union all

    select distinct
        source_id,
        state,
        state_category,
        2 as preference
    from revisions
    where state_category is not null

    union all

    select
        source_id,
        state,
        {{ azure_devops_default_category('state') }} as state_category,
        3 as preference
    from seen

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_id, lower(state) order by state_category is null, preference, state_category, state
        ) as recency
    from filed
    where nullif(state, '') is not null

)

select
    source_id,
    cast(null as varchar) as status_id,
    state as status_name,
    {{ azure_devops_stage_kind('state_category') }} as status_kind
from ranked
where recency = 1
