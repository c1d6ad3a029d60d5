{# What the status of one of GitLab's pipelines or deployments says of its result; what waits for a
   person has none. #}
{% macro gitlab_result(status) -%}
    case
        when {{ status }} in ('success', 'completed') then 'success'
        when {{ status }} = 'failed' then 'failure'
        when {{ status }} in ('canceled', 'canceling', 'skipped') then 'cancelled'
        when {{ status }} in (
            'created', 'waiting_for_resource', 'preparing', 'waiting_for_callback', 'pending', 'running'
        ) then 'running'
        else 'other'
    end
{%- endmacro %}
