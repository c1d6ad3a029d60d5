{# Differences between engines in looking ahead in a window. #}

{# The next value known after this row of a window. #}
{% macro next_known(value, over) -%}
    {{ return(adapter.dispatch('next_known')(value, over)) }}
{%- endmacro %}

{% macro default__next_known(value, over) -%}
    first_value({{ value }} ignore nulls) over ({{ over }} rows between 1 following and unbounded following)
{%- endmacro %}

{% macro spark__next_known(value, over) -%}
    first_value({{ value }}, true) over ({{ over }} rows between 1 following and unbounded following)
{%- endmacro %}


{# The newest value known in a frame that ends before this row. #}
{% macro last_known_before(value, frame) -%}
    {{ return(adapter.dispatch('last_known_before')(value, frame)) }}
{%- endmacro %}

{% macro default__last_known_before(value, frame) -%}
    last_value({{ value }} ignore nulls) over ({{ frame }})
{%- endmacro %}

{% macro spark__last_known_before(value, frame) -%}
    last_value({{ value }}, true) over ({{ frame }})
{%- endmacro %}
