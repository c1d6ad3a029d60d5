{{ config(materialized='view') }}
-- Jira's worklogs with the item they belong to; a worklog names its issue by id, one on a page sometimes by key. Hours
-- on an issue that was not exported are hours all the same, of an item that nobody knows.
with worklogs as (

    select * from {{ ref('stg_jira__worklogs') }}

),

issues as (

    select
        source_id,
        work_item_id,
        native_id,
        item_key
    from {{ ref('stg_jira__issues') }}

)

select
    worklogs.source_id,
    coalesce(by_id.work_item_id, by_key.work_item_id) as work_item_id,
    worklogs.worklog_id,
    worklogs.started_at,
    worklogs.hours
from worklogs
left join issues as by_id
    on worklogs.source_id = by_id.source_id
    and worklogs.issue_ref = by_id.native_id
left join issues as by_key
    on worklogs.source_id = by_key.source_id
    and worklogs.issue_ref = by_key.item_key
    and by_id.work_item_id is null
