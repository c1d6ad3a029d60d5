{{ config(materialized='view') }}
-- Jira's changes in the vocabulary of all tools: which attribute of an item a changed field is. Changes of other fields
-- stay, without an attribute, because a tool's count of its history entries counts them too.
with jira_changes as (

    select * from {{ ref('int_jira_changes_identified') }}

),

field_roles as (

    select * from {{ ref('stg_portfolio__field_roles') }}

),

jira_fields as (

    select * from {{ ref('stg_jira__fields') }}

),

-- A changelog names a custom field by id, or (older servers) by its name only.
attribute_names as (

    select
        field_roles.source_id,
        lower(field_roles.field_id) as named,
        case field_roles.field_role when 'sprint' then 'iteration' else field_roles.field_role end as attribute
    from field_roles

    union

    select
        field_roles.source_id,
        lower(jira_fields.field_name) as named,
        case field_roles.field_role when 'sprint' then 'iteration' else field_roles.field_role end as attribute
    from field_roles
    inner join jira_fields
        on field_roles.source_id = jira_fields.source_id
        and field_roles.field_id = jira_fields.field_id

),

-- A custom field may bear the name of one of Jira's own; those that Jira made as custom fields are known by their
-- names.
named as (

    select
        *,
        case
            when lower(field_id) not like 'customfield%'
                or field_id is null
                or lower(field_name) in ('flagged', 'sprint', 'epic link', 'parent link')
                then lower(field_name)
        end as own_field
    from jira_changes

),

followed as (

    select
        named.*,
        case named.own_field
            when 'status' then 'status'
            when 'resolution' then 'resolution'
            when 'key' then 'key'
            when 'issuetype' then 'type'
            when 'labels' then 'labels'
            when 'flagged' then 'flagged'
            when 'project' then 'project'
            when 'component' then 'components'
            when 'sprint' then 'iteration'
            when 'parent' then 'parent'
            when 'issueparentassociation' then 'parent'
            when 'epic link' then 'parent'
            when 'parent link' then 'parent'
            else by_field.attribute
        end as attribute
    from named
    left join attribute_names as by_field
        on named.source_id = by_field.source_id
        and by_field.named = coalesce(lower(named.field_id), lower(named.field_name))

)

select
    work_item_id,
    history_key,
    history_number,
    history_position,
    item_position,
    changed_at,
    attribute,
    from_id,
    -- Jira writes a set of labels with a blank between them; a label holds none.
    case when attribute = 'labels' then replace(trim(from_value), ' ', chr(10)) else from_value end as from_value,
    to_id,
    case when attribute = 'labels' then replace(trim(to_value), ' ', chr(10)) else to_value end as to_value
from followed
