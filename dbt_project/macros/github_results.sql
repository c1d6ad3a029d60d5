{# What a conclusion of Actions or a state of a deployment is in the words for builds of every tool. GitHub calls
   'neutral' and 'skipped' a run that had nothing to judge; a run that timed out or never began failed. #}
{% macro github_build_result(status, conclusion) -%}
    case
        when {{ conclusion }} = 'success' then 'success'
        when {{ conclusion }} in ('failure', 'timed_out', 'startup_failure') then 'failure'
        when {{ conclusion }} in ('cancelled', 'stale') then 'cancelled'
        when {{ conclusion }} is null and {{ status }} <> 'completed' then 'running'
        else 'other'
    end
{%- endmacro %}
