{# What one of Jira's status categories is in a flow: waiting, worked on or done; NULL for one that Jira does not
   have. #}
{% macro jira_status_kind(status_category) -%}
    case {{ status_category }}
        when 'new' then 'queue'
        when 'undefined' then 'queue'
        when 'indeterminate' then 'active'
        when 'done' then 'done'
    end
{%- endmacro %}
