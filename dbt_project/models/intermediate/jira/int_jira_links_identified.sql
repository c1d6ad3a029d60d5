{{ config(materialized='view') }}
-- Jira's links in the vocabulary of all tools, as the issue they are seen from tells them: those it has now, and by its
-- changelog since when, and until when those it has no more. The changelog names the linked issue by the key it had
-- then, in words such as "This issue is blocked by PAY-7".
{% set in_order = 'changed_at, history_number, place, history_key, item_position, is_addition' %}
with issues as (

    select * from {{ ref('stg_jira__issues') }}

),

current_links as (

    select distinct
        links.source_id,
        issues.work_item_id,
        links.linked_issue_id,
        links.linked_issue_key,
        coalesce(links.direction_text, links.link_type) as link_type,
        {{ jira_link_relation('coalesce(links.direction_text, links.link_type)') }} as relation
    from {{ ref('stg_jira__issue_links') }} as links
    inner join issues
        on links.source_id = issues.source_id
        and links.issue_id = issues.native_id
        and links.export_file = issues.export_file

),

link_changes as (

    select *
    from {{ ref('int_jira_changes_identified') }}
    where lower(field_name) = 'link'

),

-- Of entries without numbers only their places tell which of one moment came first, and some exports list the newest
-- first: then an earlier moment stands further down.
unnumbered as (

    select
        changes.work_item_id,
        changes.history_position,
        changes.changed_at,
        min(changes.history_position) over (partition by changes.work_item_id) as first_position,
        max(changes.history_position) over (partition by changes.work_item_id) as last_position
    from {{ ref('int_jira_changes_identified') }} as changes
    inner join (select distinct work_item_id from link_changes where history_number is null) as items
        on changes.work_item_id = items.work_item_id

),

directions as (

    select
        work_item_id,
        max(case when history_position = first_position then changed_at end)
        > max(case when history_position = last_position then changed_at end) as is_newest_first
    from unnumbered
    group by work_item_id

),

placed_changes as (

    select
        link_changes.*,
        case
            when directions.is_newest_first then -link_changes.history_position else link_changes.history_position
        end as place
    from link_changes
    left join directions on link_changes.work_item_id = directions.work_item_id

),

events as (

    select
        source_id,
        work_item_id,
        changed_at,
        history_number,
        place,
        history_key,
        item_position,
        to_id as linked_key,
        to_value as words,
        1 as is_addition
    from placed_changes
    where to_id is not null

    union all

    select
        source_id,
        work_item_id,
        changed_at,
        history_number,
        place,
        history_key,
        item_position,
        from_id as linked_key,
        from_value as words,
        0 as is_addition
    from placed_changes
    where from_id is not null

),

worded as (

    select
        *,
        trim(replace(replace(words, linked_key, ''), 'This issue', '')) as link_type
    from events

),

ordered as (

    select
        *,
        {{ jira_link_relation('link_type') }} as relation,
        lag(is_addition) over (
            partition by work_item_id, linked_key, link_type order by {{ in_order }}
        ) as was_addition
    from worded

),

-- What is told twice in a row happened once.
turns as (

    select
        *,
        lead(changed_at) over (
            partition by work_item_id, linked_key, link_type order by {{ in_order }}
        ) as next_changed_at
    from ordered
    where was_addition is null
        or was_addition <> is_addition

),

spans as (

    select
        source_id,
        work_item_id,
        relation,
        link_type,
        linked_key as linked_ref,
        case when is_addition = 1 then changed_at end as linked_at,
        case when is_addition = 1 then next_changed_at else changed_at end as unlinked_at
    from turns
    where is_addition = 1
        or was_addition is null

)

select
    source_id,
    work_item_id,
    relation,
    link_type,
    linked_ref,
    linked_at,
    unlinked_at
from spans

union all

select
    current_links.source_id,
    current_links.work_item_id,
    current_links.relation,
    current_links.link_type,
    coalesce(current_links.linked_issue_id, current_links.linked_issue_key) as linked_ref,
    cast(null as timestamptz) as linked_at,
    cast(null as timestamptz) as unlinked_at
from current_links
left join spans
    on current_links.work_item_id = spans.work_item_id
    and current_links.relation = spans.relation
    and current_links.linked_issue_key = spans.linked_ref
    and spans.unlinked_at is null
where spans.work_item_id is null
