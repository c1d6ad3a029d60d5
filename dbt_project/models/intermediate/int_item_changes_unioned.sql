-- One row per item, history and changed attribute that flow facts follow, in one vocabulary for all tools:
-- status, resolution, key, type, team, flag, labels, blocked_reason. Later than as_of is kept and marked, because the
-- first later change tells what was in force at as_of.
with jira_changes as (

    select * from {{ ref('int_jira_changes_identified') }}

),

field_roles as (

    select * from {{ ref('stg_portfolio__field_roles') }}

),

jira_fields as (

    select * from {{ ref('stg_jira__fields') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

-- A changelog names a custom field by id, or (older servers) by its name only.
attribute_names as (

    select
        field_roles.source_id,
        lower(field_roles.field_id) as named,
        field_roles.field_role as attribute
    from field_roles

    union

    select
        field_roles.source_id,
        lower(jira_fields.field_name) as named,
        field_roles.field_role as attribute
    from field_roles
    inner join jira_fields
        on field_roles.source_id = jira_fields.source_id
        and field_roles.field_id = jira_fields.field_id

),

followed as (

    select
        jira_changes.*,
        case lower(jira_changes.field_name)
            when 'status' then 'status'
            when 'resolution' then 'resolution'
            when 'key' then 'key'
            when 'issuetype' then 'type'
            when 'labels' then 'labels'
            when 'flagged' then 'flagged'
            else by_field.attribute
        end as attribute
    from jira_changes
    left join attribute_names as by_field
        on jira_changes.source_id = by_field.source_id
        and by_field.named = coalesce(lower(jira_changes.field_id), lower(jira_changes.field_name))

)

select
    followed.work_item_id,
    followed.history_key,
    followed.history_number,
    followed.history_position,
    followed.item_position,
    followed.changed_at,
    followed.attribute,
    followed.from_id,
    followed.from_value,
    followed.to_id,
    followed.to_value,
    followed.changed_at > refresh.as_of as is_after_as_of
from followed
cross join refresh
where followed.attribute in ('status', 'resolution', 'key', 'type', 'team', 'flagged', 'labels', 'blocked_reason')
