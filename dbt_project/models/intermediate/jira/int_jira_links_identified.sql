{{ config(materialized='view') }}
-- Jira's links in the vocabulary of all tools, as the issue they are seen from tells them: those it has now, and by its
-- changelog since when, and until when those it has no more. The changelog names the linked issue by the key it had
-- then, in words such as "This issue is blocked by PAY-7".
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

events as (

    select
        source_id,
        work_item_id,
        changed_at,
        history_number,
        item_position,
        to_id as linked_key,
        to_value as words,
        1 as is_addition
    from link_changes
    where to_id is not null

    union all

    select
        source_id,
        work_item_id,
        changed_at,
        history_number,
        item_position,
        from_id as linked_key,
        from_value as words,
        0 as is_addition
    from link_changes
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
            partition by work_item_id, linked_key, link_type order by changed_at, history_number, item_position
        ) as was_addition
    from worded

),

-- What is told twice in a row happened once.
turns as (

    select
        *,
        lead(changed_at) over (
            partition by work_item_id, linked_key, link_type order by changed_at, history_number, item_position
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
