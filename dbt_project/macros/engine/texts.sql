{# Differences between engines in lists of texts and in searching a text. #}

{# A row for each item of a list, in a select list; none where the list is NULL. #}
{% macro items_of(list) -%}
    {{ return(adapter.dispatch('items_of')(list)) }}
{%- endmacro %}

{% macro default__items_of(list) -%}
    unnest({{ list }})
{%- endmacro %}

{% macro spark__items_of(list) -%}
    explode({{ list }})
{%- endmacro %}


{# All the places of a text that match a pattern (a literal of SQL) as whole words, as a list. #}
{% macro words_matching(text, pattern) -%}
    {{ return(adapter.dispatch('words_matching')(text, pattern)) }}
{%- endmacro %}

{% macro default__words_matching(text, pattern) -%}
    regexp_extract_all({{ text }}, '\b(' || {{ pattern }} || ')\b', 1)
{%- endmacro %}

{% macro spark__words_matching(text, pattern) -%}
    regexp_extract_all({{ text }}, r'\b(' || {{ pattern }} || r')\b', 1)
{%- endmacro %}


{# The numbers of a text that stand behind a bare # (not owner/repo#12, AB#12 or &#39;), as a list. #}
{% macro bare_numbers(text) -%}
    {{ return(adapter.dispatch('bare_numbers')(text)) }}
{%- endmacro %}

{% macro default__bare_numbers(text) -%}
    regexp_extract_all({{ text }}, '(?:^|[^A-Za-z0-9_/.#&-])#([0-9]+)\b', 1)
{%- endmacro %}

{% macro spark__bare_numbers(text) -%}
    regexp_extract_all({{ text }}, r'(?:^|[^A-Za-z0-9_/.#&-])#([0-9]+)\b', 1)
{%- endmacro %}
