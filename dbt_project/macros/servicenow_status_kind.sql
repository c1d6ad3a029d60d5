{# The kind of a ServiceNow state by the name it goes by: ServiceNow has no categories, and its codes mean another state
   in every table. #}
{% macro servicenow_status_kind(status_name) -%}
    case
        when {{ status_name }} is null then null
        when lower({{ status_name }}) like 'clos%'
            or lower({{ status_name }}) like 'cancel%'
            or lower({{ status_name }}) like 'complete%'
            or lower({{ status_name }}) in ('resolved', 'done')
            then 'done'
        when lower({{ status_name }}) in ('new', 'open', 'draft', 'pending', 'ready', 'on hold', 'deferred', 'scheduled')
            or lower({{ status_name }}) like 'awaiting%'
            or lower({{ status_name }}) like 'pending %'
            or lower({{ status_name }}) like 'ready %'
            then 'queue'
        else 'active'
    end
{%- endmacro %}


{# The key of a state: its code means another state in every table. #}
{% macro servicenow_status_id(table_name, code) -%}
    {{ table_name }} || ':' || {{ code }}
{%- endmacro %}
