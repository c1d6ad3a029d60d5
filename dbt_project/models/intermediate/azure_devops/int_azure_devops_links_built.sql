{{ config(materialized='view') }}
-- Links between work items with the time they lasted, as far as anything tells it: updates say when a link came and
-- went, the reporting stream when it last did one of the two, an exported item only that it is there.
with events as (

    select
        relations.work_item_id,
        relations.source_id,
        relations.link_type,
        relations.linked_id,
        relations.action,
        updates.made_at,
        lead(relations.action) over (
            partition by relations.work_item_id, relations.link_type, relations.linked_id
            order by updates.update_id, relations.action desc
        ) as next_action,
        lead(updates.made_at) over (
            partition by relations.work_item_id, relations.link_type, relations.linked_id
            order by updates.update_id, relations.action desc
        ) as next_made_at,
        row_number() over (
            partition by relations.work_item_id, relations.link_type, relations.linked_id
            order by updates.update_id, relations.action desc
        ) as place
    from {{ ref('stg_azure_devops__work_item_update_relations') }} as relations
    inner join {{ ref('int_azure_devops_updates_dated') }} as updates
        on relations.work_item_id = updates.work_item_id
        and relations.update_id = updates.update_id

),

told as (

    select
        work_item_id,
        source_id,
        link_type,
        linked_id,
        made_at as linked_at,
        case when next_action = 'removed' then next_made_at end as unlinked_at,
        coalesce(next_action, 'added') <> 'removed' as is_there
    from events
    where action = 'added'

    union all

    -- Removed without having been added: the history begins late.
    select
        work_item_id,
        source_id,
        link_type,
        linked_id,
        cast(null as timestamp with time zone) as linked_at,
        made_at as unlinked_at,
        false as is_there
    from events
    where action = 'removed'
        and place = 1

),

streamed as (

    select
        changes.work_item_id,
        changes.source_id,
        changes.link_type,
        changes.linked_id,
        case when changes.is_active then changes.changed_at end as linked_at,
        case when not changes.is_active then changes.changed_at end as unlinked_at,
        changes.is_active as is_there
    from {{ ref('stg_azure_devops__link_changes') }} as changes
    left join events
        on changes.work_item_id = events.work_item_id
        and changes.link_type = events.link_type
        and changes.linked_id = events.linked_id
        and events.place = 1
    where events.work_item_id is null

),

dated as (

    select * from told
    union all
    select * from streamed

),

links as (

    select * from dated

    union all

    select
        shown.work_item_id,
        shown.source_id,
        shown.link_type,
        shown.linked_id,
        cast(null as timestamp with time zone) as linked_at,
        cast(null as timestamp with time zone) as unlinked_at,
        true as is_there
    from {{ ref('stg_azure_devops__work_item_relations') }} as shown
    left join dated
        on shown.work_item_id = dated.work_item_id
        and shown.link_type = dated.link_type
        and shown.linked_id = dated.linked_id
    where dated.work_item_id is null

)

select
    source_id,
    work_item_id,
    {{ azure_devops_relation('link_type') }} as relation,
    link_type,
    linked_id as linked_ref,
    linked_at,
    unlinked_at,
    is_there
from links
