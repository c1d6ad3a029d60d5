{{ config(materialized='view') }}
-- One row per issue, relation, linked issue and spell of being linked, from three places: events (with their times),
-- lists of sub-issues and of what blocks an issue, and the parent that an issue names. What events tell is not repeated
-- from the lists.
with issues as (

    select * from {{ ref('stg_github__issues') }}
    where not is_pull_request

),

relations as (

    select * from {{ ref('stg_github__issue_relations') }}

),

events as (

    select
        source_id,
        work_item_id,
        case event
            when 'sub_issue_added' then 'child'
            when 'sub_issue_removed' then 'child'
            when 'parent_issue_added' then 'parent'
            when 'parent_issue_removed' then 'parent'
            when 'blocked_by_added' then 'blocked_by'
            when 'blocked_by_removed' then 'blocked_by'
            when 'blocking_added' then 'blocks'
            when 'blocking_removed' then 'blocks'
            when 'cross-referenced' then 'relates'
        end as relation,
        case event
            when 'cross-referenced' then 'cross-referenced'
            when 'sub_issue_added' then 'sub-issue'
            when 'sub_issue_removed' then 'sub-issue'
            when 'parent_issue_added' then 'sub-issue'
            when 'parent_issue_removed' then 'sub-issue'
            else 'dependency'
        end as link_type,
        event like '%removed' as is_removal,
        other_ref as linked_ref,
        created_at,
        event_number,
        event_key
    from {{ ref('int_github_events_identified') }}
    where event in (
            'sub_issue_added', 'sub_issue_removed', 'parent_issue_added', 'parent_issue_removed', 'blocked_by_added',
            'blocked_by_removed', 'blocking_added', 'blocking_removed'
        )
        or (event = 'cross-referenced' and not coalesce(is_other_pull_request, false))

),

told as (

    select
        *,
        lead(is_removal) over (
            partition by work_item_id, relation, linked_ref order by created_at, event_number nulls last, event_key
        ) as is_removed_next,
        lead(created_at) over (
            partition by work_item_id, relation, linked_ref order by created_at, event_number nulls last, event_key
        ) as next_at,
        lag(is_removal) over (
            partition by work_item_id, relation, linked_ref order by created_at, event_number nulls last, event_key
        ) as is_after_removal
    from events
    where linked_ref is not null

),

timed as (

    select
        source_id,
        work_item_id,
        relation,
        link_type,
        linked_ref,
        created_at as linked_at,
        case when is_removed_next then next_at end as unlinked_at
    from told
    where not is_removal
        -- Mentioned twice is linked once.
        and coalesce(is_after_removal, true)

    union all

    -- A removal without an addition: linked since before the history begins.
    select
        source_id,
        work_item_id,
        relation,
        link_type,
        linked_ref,
        cast(null as timestamptz) as linked_at,
        created_at as unlinked_at
    from told
    where is_removal
        and is_after_removal is null

),

listed as (

    select
        issues.source_id,
        issues.work_item_id,
        relations.relation,
        case relations.relation when 'child' then 'sub-issue' else 'dependency' end as link_type,
        relations.issue_ref as linked_ref
    from relations
    inner join issues
        on relations.source_id = issues.source_id
        and relations.place_ref = issues.item_key

    union

    select
        issues.source_id,
        issues.work_item_id,
        case relations.relation
            when 'child' then 'parent'
            when 'blocked_by' then 'blocks'
            when 'blocks' then 'blocked_by'
        end as relation,
        case relations.relation when 'child' then 'sub-issue' else 'dependency' end as link_type,
        relations.place_ref as linked_ref
    from relations
    inner join issues
        on relations.source_id = issues.source_id
        and relations.issue_ref = issues.item_key

    union

    select
        source_id,
        work_item_id,
        'parent' as relation,
        'sub-issue' as link_type,
        parent_ref as linked_ref
    from issues
    where parent_ref is not null

)

select * from timed

union all

select
    listed.source_id,
    listed.work_item_id,
    listed.relation,
    listed.link_type,
    listed.linked_ref,
    cast(null as timestamptz) as linked_at,
    cast(null as timestamptz) as unlinked_at
from listed
left join timed
    on listed.work_item_id = timed.work_item_id
    and listed.relation = timed.relation
    and listed.linked_ref = timed.linked_ref
where timed.work_item_id is null
