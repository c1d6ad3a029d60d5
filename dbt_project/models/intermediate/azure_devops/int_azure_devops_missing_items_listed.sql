{{ config(materialized='view') }}
-- Work items that are known of and yet not there: announced by a query and never received, or told by updates that do
-- not reach back to their creation. One row per work item.
with items as (

    select work_item_id from {{ ref('int_azure_devops_items_described') }}

),

deleted as (

    select work_item_id from {{ ref('stg_azure_devops__deleted_work_items') }}

),

known_of as (

    select
        work_item_id,
        source_id,
        native_id,
        'announced by a query, never received' as reason,
        announced_at as known_at
    from {{ ref('stg_azure_devops__query_results') }}

    union all

    select
        work_item_id,
        source_id,
        native_id,
        'told by updates that do not reach back to its creation' as reason,
        max(made_at) as known_at
    from {{ ref('int_azure_devops_updates_dated') }}
    group by work_item_id, source_id, native_id

)

select
    known_of.work_item_id,
    known_of.source_id,
    known_of.native_id,
    max(known_of.reason) as reason,
    max(known_of.known_at) as known_at
from known_of
left join items on known_of.work_item_id = items.work_item_id
left join deleted on known_of.work_item_id = deleted.work_item_id
where items.work_item_id is null
    and deleted.work_item_id is null
group by known_of.work_item_id, known_of.source_id, known_of.native_id
