{{ config(materialized='view') }}
-- Jira's changes with the item they belong to: a changelog page may name its issue by id or by key, and the same
-- history may come embedded (under the id) and on a page (under the key).
with changes as (

    select * from {{ ref('stg_jira__issue_changes') }}

),

issues as (

    select
        source_id,
        work_item_id,
        native_id,
        item_key
    from {{ ref('stg_jira__issues') }}

),

identified as (

    select
        issues.work_item_id,
        changes.*
    from changes
    inner join issues
        on changes.source_id = issues.source_id
        and changes.issue_ref = issues.native_id

    union all

    select
        issues.work_item_id,
        changes.*
    from changes
    inner join issues
        on changes.source_id = issues.source_id
        and changes.issue_ref = issues.item_key
        and changes.issue_ref <> issues.native_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by work_item_id, history_key, item_position, field_name
            order by origin desc, issue_ref
        ) as recency
    from identified

)

select *
from ranked
where recency = 1
