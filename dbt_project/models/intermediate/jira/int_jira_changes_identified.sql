{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched() }}"
) }}
-- Jira's changes with the item they belong to, each once: the same history comes with every export of its issue, and on
-- changelog pages, which may name the issue by id or by key. The newest export counts.
--
-- Of an issue that was exported once and has no page nothing can come twice; only the others are sorted.
with changes as (

    select *
    from {{ ref('stg_jira__issue_changes') }}
    where {{ is_touched_reference('source_id', 'issue_ref') }}

),

issues as (

    select
        source_id,
        work_item_id,
        native_id,
        item_key,
        n_exports
    from {{ ref('stg_jira__issues') }}
    where {{ is_touched('work_item_id') }}

),

-- A page as the exports name it, by id or by key.
pages as (

    select
        source_id,
        issue_ref
    from changes
    where origin <> 'embedded'
    group by source_id, issue_ref

),

exported_once as (

    select issues.*
    from issues
    left join pages as pages_by_id
        on issues.source_id = pages_by_id.source_id
        and issues.native_id = pages_by_id.issue_ref
    left join pages as pages_by_key
        on issues.source_id = pages_by_key.source_id
        and issues.item_key = pages_by_key.issue_ref
    where issues.n_exports = 1
        and pages_by_id.issue_ref is null
        and pages_by_key.issue_ref is null

),

plain as (

    select
        exported_once.work_item_id,
        changes.*
    from changes
    inner join exported_once
        on changes.source_id = exported_once.source_id
        and changes.issue_ref = exported_once.native_id

),

exported_often as (

    select issues.*
    from issues
    left join exported_once on issues.work_item_id = exported_once.work_item_id
    where exported_once.work_item_id is null

),

repeated as (

    select
        exported_often.work_item_id,
        changes.*
    from changes
    inner join exported_often
        on changes.source_id = exported_often.source_id
        and changes.issue_ref = exported_often.native_id

    union all

    select
        exported_often.work_item_id,
        changes.*
    from changes
    inner join exported_often
        on changes.source_id = exported_often.source_id
        and changes.issue_ref = exported_often.item_key
        and changes.issue_ref <> exported_often.native_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by work_item_id, history_key, item_position, field_name
            order by exported_at desc, export_file desc, origin desc, issue_ref
        ) as recency
    from repeated

),

identified as (

    select
        *,
        1 as recency
    from plain

    union all

    select *
    from ranked
    where recency = 1

)

select
    work_item_id,
    source_id,
    issue_ref,
    history_key,
    history_number,
    history_position,
    item_position,
    changed_at,
    field_name,
    field_id,
    from_id,
    from_value,
    to_id,
    to_value,
    origin
from identified
