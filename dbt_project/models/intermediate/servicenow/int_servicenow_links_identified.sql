{{ config(materialized='view') }}
-- References from one record to another as links: the parent, the problem behind an incident, the change that mends it
-- and the change that caused it.
with told as (

    {% for column, type in [('parent_id', 'parent'), ('problem_id', 'problem'), ('change_id', 'change'),
        ('caused_by_id', 'caused by')] -%}
    select
        source_id,
        work_item_id,
        '{{ type }}' as link_type,
        {{ column }} as linked_ref
    from {{ ref('stg_servicenow__records') }}

    {% if column != 'parent_id' -%}
    union all

    select
        source_id,
        work_item_id,
        '{{ type }}' as link_type,
        {{ column }} as linked_ref
    from {{ ref('int_servicenow_updates_kept') }}
    where recency = 1
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    source_id,
    work_item_id,
    case when link_type = 'parent' then 'parent' else 'relates' end as relation,
    link_type,
    linked_ref,
    cast(null as timestamptz) as linked_at,
    cast(null as timestamptz) as unlinked_at
from told
where linked_ref is not null
