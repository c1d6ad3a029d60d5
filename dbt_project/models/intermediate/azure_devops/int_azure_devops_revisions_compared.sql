{{ config(materialized='view') }}
-- What changed from one known revision of a work item to the next known one: its history without exported updates.
-- One row per item, revision and role that changed, and one without a role for the revision itself. Revisions in
-- between may be missing: then the state changed when the later one says that it last did, all else by the later one.
{% set roles = [
    'state', 'reason', 'item_type', 'team', 'flagged', 'tags', 'blocked_reason', 'parent', 'iteration_path', 'estimate',
    'project', 'area_path',
] %}
with revisions as (

    select
        work_item_id,
        source_id,
        rev,
        changed_at,
        {% for role in roles -%}
        {{ role }},
        lag({{ role }}) over (partition by work_item_id order by rev) as {{ role }}_before,
        {% endfor -%}
        state_changed_at,
        lag(changed_at) over (partition by work_item_id order by rev) as changed_before,
        lag(rev) over (partition by work_item_id order by rev) as rev_before
    from {{ ref('stg_azure_devops__work_item_revisions') }}

),

followed as (

    select
        *,
        case when state_changed_at > changed_before and state_changed_at <= changed_at then state_changed_at end
            as state_changed_since
    from revisions
    where rev_before is not null
        and changed_at is not null

)

select
    work_item_id,
    source_id,
    rev,
    cast(null as varchar) as field_role,
    cast(null as varchar) as old_value,
    cast(null as varchar) as new_value,
    changed_at as made_at
from followed

{% for role in roles %}
union all

select
    work_item_id,
    source_id,
    rev,
    '{{ role }}' as field_role,
    {{ role }}_before as old_value,
    {{ role }} as new_value,
    {{ 'coalesce(state_changed_since, changed_at)' if role in ('state', 'reason') else 'changed_at' }} as made_at
from followed
where coalesce({{ role }}_before, '') <> coalesce({{ role }}, '')
{% endfor %}
