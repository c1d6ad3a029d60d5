{# Schemas are Weir's layers, the same on every target: a reader's SQL does not depend on who built the warehouse. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
