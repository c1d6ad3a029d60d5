{{ config(materialized='view') }}
-- Redmine's journals in the vocabulary of all tools: which attribute a detail changed, and what the ids in it are
-- called. An id that nothing gives a name stays. Details that nobody follows, and notes, stay without an attribute.
with details as (

    select * from {{ ref('stg_redmine__journal_details') }}

),

issues as (

    select * from {{ ref('stg_redmine__issues') }}

),

field_roles as (

    select * from {{ ref('stg_portfolio__field_roles') }}

),

-- What the lists say, else what issues say that have the thing today.
known as (

    select source_id, 'status' as attribute, status_id as id, status_name as name, 1 as preference
    from {{ ref('int_redmine_statuses_listed') }}
    union all
    select source_id, 'type' as attribute, tracker_id as id, tracker_name as name, 1 as preference
    from {{ ref('stg_redmine__trackers') }}
    union all
    select source_id, 'type' as attribute, tracker_id as id, tracker_name as name, 2 as preference from issues
    union all
    select source_id, 'project' as attribute, project_id as id, project_name as name, 1 as preference
    from {{ ref('stg_redmine__projects') }}
    union all
    select source_id, 'project' as attribute, project_id as id, project_name as name, 2 as preference
    from issues
    union all
    select source_id, 'components' as attribute, category_id as id, category_name as name, 1 as preference
    from {{ ref('stg_redmine__categories') }}
    union all
    select source_id, 'components' as attribute, category_id as id, category_name as name, 2 as preference
    from issues
    union all
    select source_id, 'iteration' as attribute, iteration_id as id, iteration_name as name, 1 as preference
    from {{ ref('stg_redmine__versions') }}
    union all
    select source_id, 'iteration' as attribute, version_id as id, version_name as name, 2 as preference
    from issues

),

names as (

    select
        source_id,
        attribute,
        id,
        name
    from (
        select
            *,
            row_number() over (partition by source_id, attribute, id order by preference, name) as recency
        from known
        where id is not null
    ) as ranked
    where recency = 1

),

followed as (

    select
        details.*,
        case
            when details.property = 'cf' and field_roles.field_role = 'sprint' then 'iteration'
            when details.property = 'cf' then field_roles.field_role
            when details.property = 'attr' then
                case details.detail_name
                    when 'status_id' then 'status'
                    when 'tracker_id' then 'type'
                    when 'project_id' then 'project'
                    when 'category_id' then 'components'
                    when 'fixed_version_id' then 'iteration'
                    when 'parent_id' then 'parent'
                    when 'estimated_hours' then 'estimate'
                end
        end as attribute
    from details
    left join field_roles
        on details.source_id = field_roles.source_id
        and details.property = 'cf'
        and details.detail_name = field_roles.field_id

)

select
    issues.work_item_id,
    followed.journal_id as history_key,
    try_cast(followed.journal_id as bigint) as history_number,
    followed.journal_position as history_position,
    followed.detail_position as item_position,
    followed.changed_at,
    followed.attribute,
    case when followed.detail_name like '%_id' then followed.old_value end as from_id,
    coalesce(old_names.name, followed.old_value) as from_value,
    case when followed.detail_name like '%_id' then followed.new_value end as to_id,
    coalesce(new_names.name, followed.new_value) as to_value
from followed
inner join issues
    on followed.source_id = issues.source_id
    and followed.issue_id = issues.issue_id
left join names as old_names
    on followed.source_id = old_names.source_id
    and followed.attribute = old_names.attribute
    and followed.property = 'attr'
    and followed.old_value = old_names.id
left join names as new_names
    on followed.source_id = new_names.source_id
    and followed.attribute = new_names.attribute
    and followed.property = 'attr'
    and followed.new_value = new_names.id
