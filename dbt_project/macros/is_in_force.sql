{# Is a span with started_at and ended_at in force at a moment? Where the moment is NULL, at as_of: what ended by then
   has an end, and nothing that starts later is known. #}
{% macro is_in_force(spans, moment) -%}
    (
        {{ spans }}.started_at <= {{ moment }}
        and ({{ spans }}.ended_at is null or {{ spans }}.ended_at > {{ moment }})
        or {{ moment }} is null
        and {{ spans }}.ended_at is null
    )
{%- endmacro %}
