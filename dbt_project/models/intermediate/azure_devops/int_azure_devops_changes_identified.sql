{{ config(materialized='view') }}
-- Azure Boards' changes in the vocabulary of all tools, from whichever tells more of an item's revisions: its updates,
-- or the revisions themselves. The first revision is the creation and changes nothing; a revision that changed nothing
-- that is followed stays, without an attribute, because the number of revisions counts it too. A parent is told by
-- links; links only make no revision, so such an entry is named after its update.
with updates as (

    select * from {{ ref('int_azure_devops_updates_dated') }}

),

update_fields as (

    select * from {{ ref('stg_azure_devops__work_item_update_fields') }}

),

update_relations as (

    select * from {{ ref('stg_azure_devops__work_item_update_relations') }}

),

compared as (

    select * from {{ ref('int_azure_devops_revisions_compared') }}

),

n_revisions as (

    select
        coalesce(told.work_item_id, seen.work_item_id) as work_item_id,
        coalesce(told.n_told, 0) >= coalesce(seen.n_seen, 0) as is_told_by_updates
    from (
        select
            work_item_id,
            count(distinct rev) as n_told
        from updates
        where has_fields
            and rev > 1
        group by work_item_id
    ) as told
    full outer join (
        select
            work_item_id,
            count(distinct rev) as n_seen
        from compared
        group by work_item_id
    ) as seen
        on told.work_item_id = seen.work_item_id

),

entries as (

    select
        updates.work_item_id,
        cast(updates.rev as varchar) as history_key,
        updates.update_id as history_number,
        updates.made_at,
        cast(null as varchar) as field_role,
        cast(null as varchar) as old_value,
        cast(null as varchar) as new_value
    from updates
    inner join n_revisions on updates.work_item_id = n_revisions.work_item_id
    where n_revisions.is_told_by_updates
        and updates.has_fields
        and updates.rev > 1

    union all

    select
        updates.work_item_id,
        cast(updates.rev as varchar) as history_key,
        updates.update_id as history_number,
        updates.made_at,
        update_fields.field_role,
        update_fields.old_value,
        update_fields.new_value
    from updates
    inner join n_revisions on updates.work_item_id = n_revisions.work_item_id
    inner join update_fields
        on updates.work_item_id = update_fields.work_item_id
        and updates.update_id = update_fields.update_id
    where n_revisions.is_told_by_updates
        and updates.rev > 1

    union all

    select
        updates.work_item_id,
        case when updates.has_fields then cast(updates.rev as varchar) else 'update ' || updates.update_id end
            as history_key,
        updates.update_id as history_number,
        updates.made_at,
        'parent_link' as field_role,
        max(case when update_relations.action = 'removed' then update_relations.linked_id end) as old_value,
        max(case when update_relations.action = 'added' then update_relations.linked_id end) as new_value
    from updates
    inner join update_relations
        on updates.work_item_id = update_relations.work_item_id
        and updates.update_id = update_relations.update_id
    left join (
        select distinct work_item_id from update_fields
        where field_role = 'parent'
    ) as parents
        on updates.work_item_id = parents.work_item_id
    where lower(update_relations.link_type) = 'system.linktypes.hierarchy-reverse'
        and updates.rev + cast(not updates.has_fields as integer) > 1
        and parents.work_item_id is null
    group by updates.work_item_id, updates.has_fields, updates.rev, updates.update_id, updates.made_at

    union all

    select
        compared.work_item_id,
        cast(compared.rev as varchar) as history_key,
        compared.rev as history_number,
        compared.made_at,
        compared.field_role,
        compared.old_value,
        compared.new_value
    from compared
    inner join n_revisions on compared.work_item_id = n_revisions.work_item_id
    where not n_revisions.is_told_by_updates

),

followed as (

    select
        *,
        case field_role
            when 'state' then 'status'
            when 'reason' then 'resolution'
            when 'item_type' then 'type'
            when 'team' then 'team'
            when 'flagged' then 'flagged'
            when 'tags' then 'labels'
            when 'blocked_reason' then 'blocked_reason'
            when 'parent' then 'parent'
            when 'parent_link' then 'parent'
            when 'iteration_path' then 'iteration'
            when 'estimate' then 'estimate'
            when 'project' then 'project'
            when 'area_path' then 'components'
        end as attribute
    from entries
    where made_at is not null

)

select
    work_item_id,
    history_key,
    history_number,
    history_number as history_position,
    row_number() over (partition by work_item_id, history_key order by attribute nulls first, field_role)
        as item_position,
    made_at as changed_at,
    attribute,
    cast(null as varchar) as from_id,
    case field_role
        when 'tags' then {{ azure_devops_labels('old_value') }}
        when 'flagged' then {{ azure_devops_flag('old_value') }}
        when 'area_path' then {{ joined_text(azure_devops_path_with_ancestors('old_value')) }}
        else old_value
    end as from_value,
    cast(null as varchar) as to_id,
    case field_role
        when 'tags' then {{ azure_devops_labels('new_value') }}
        when 'flagged' then {{ azure_devops_flag('new_value') }}
        when 'area_path' then {{ joined_text(azure_devops_path_with_ancestors('new_value')) }}
        else new_value
    end as to_value
from followed
where field_role is null
    or attribute is not null
