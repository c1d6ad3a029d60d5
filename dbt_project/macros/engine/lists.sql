{# Differences between engines in lists that are made from single values. #}

{# The values that are known, as a list in their order. #}
{% macro list_of_known(values) -%}
    {{ return(adapter.dispatch('list_of_known')(values)) }}
{%- endmacro %}

{% macro default__list_of_known(values) -%}
    list_filter([{{ values | join(', ') }}], lambda value: value is not null)
{%- endmacro %}

{% macro spark__list_of_known(values) -%}
    filter(array({{ values | join(', ') }}), value -> value is not null)
{%- endmacro %}
