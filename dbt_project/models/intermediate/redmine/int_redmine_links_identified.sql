{{ config(materialized='view') }}
-- Links between Redmine's issues, as each side tells them: relations there are now, and relations that journals tell
-- of, with when they were made and removed. A journal names the relation from its own issue's side.
with relations as (

    select * from {{ ref('stg_redmine__relations') }}

),

issues as (

    select * from {{ ref('stg_redmine__issues') }}

),

-- Both sides of each relation of today, in the words in which a journal of that side names it.
current_links as (

    select
        source_id,
        issue_id,
        relation_type as link_type,
        issue_to_id as linked_ref
    from relations

    union all

    select
        source_id,
        issue_to_id as issue_id,
        case relation_type
            when 'blocks' then 'blocked'
            when 'blocked' then 'blocks'
            when 'duplicates' then 'duplicated'
            when 'duplicated' then 'duplicates'
            when 'precedes' then 'follows'
            when 'follows' then 'precedes'
            when 'copied_to' then 'copied_from'
            when 'copied_from' then 'copied_to'
            else relation_type
        end as link_type,
        issue_id as linked_ref
    from relations

),

events as (

    select
        source_id,
        issue_id,
        detail_name as link_type,
        new_value as linked_ref,
        changed_at,
        journal_id,
        true as is_made
    from {{ ref('stg_redmine__journal_details') }}
    where property = 'relation' and new_value is not null

    union all

    select
        source_id,
        issue_id,
        detail_name as link_type,
        old_value as linked_ref,
        changed_at,
        journal_id,
        false as is_made
    from {{ ref('stg_redmine__journal_details') }}
    where property = 'relation' and old_value is not null

),

ordered as (

    select
        *,
        lead(changed_at) over link as next_at,
        lead(is_made) over link as next_is_made,
        lag(is_made) over link as previous_is_made
    from events
    window link as (
        partition by source_id, issue_id, link_type, linked_ref
        order by changed_at, try_cast(journal_id as bigint)
    )

),

told as (

    select
        source_id,
        issue_id,
        link_type,
        linked_ref,
        changed_at as linked_at,
        case when not next_is_made then next_at end as unlinked_at
    from ordered
    where is_made

    union all

    -- Removed, and made before anything was written of it.
    select
        source_id,
        issue_id,
        link_type,
        linked_ref,
        cast(null as timestamptz) as linked_at,
        changed_at as unlinked_at
    from ordered
    where not is_made and previous_is_made is null

),

links as (

    select * from told

    union all

    select
        current_links.source_id,
        current_links.issue_id,
        current_links.link_type,
        current_links.linked_ref,
        cast(null as timestamptz) as linked_at,
        cast(null as timestamptz) as unlinked_at
    from current_links
    left join told
        on current_links.source_id = told.source_id
        and current_links.issue_id = told.issue_id
        and current_links.link_type = told.link_type
        and current_links.linked_ref = told.linked_ref
        and told.unlinked_at is null
    where told.issue_id is null

)

select
    links.source_id,
    issues.work_item_id,
    case links.link_type
        when 'blocks' then 'blocks'
        when 'blocked' then 'blocked_by'
        when 'duplicates' then 'duplicates'
        when 'duplicated' then 'duplicated_by'
        else 'relates'
    end as relation,
    links.link_type,
    links.linked_ref,
    links.linked_at,
    links.unlinked_at
from links
inner join issues
    on links.source_id = issues.source_id
    and links.issue_id = issues.issue_id
