{# Differences between engines in text of several lines: a set of labels, a list of patterns. #}

{# A row for each line of a text, in a select list; none where the text is NULL. #}
{% macro lines_of(text) -%}
    {{ return(adapter.dispatch('lines_of')(text)) }}
{%- endmacro %}

{% macro default__lines_of(text) -%}
    unnest(string_split({{ text }}, chr(10)))
{%- endmacro %}

{% macro spark__lines_of(text) -%}
    explode(split({{ text }}, '\n'))
{%- endmacro %}


{# Texts of a group as the lines of one text, in alphabetical order and each once; NULL without any. #}
{% macro joined_lines(value) -%}
    {{ return(adapter.dispatch('joined_lines')(value)) }}
{%- endmacro %}

{% macro default__joined_lines(value) -%}
    array_to_string(list_sort(list_distinct(array_agg({{ value }}))), chr(10))
{%- endmacro %}

{% macro spark__joined_lines(value) -%}
    array_join(array_sort(collect_set({{ value }})), '\n')
{%- endmacro %}


{# Does a text match one of several patterns, one a line, `*` standing for anything? Case does not count; NULL patterns
   match nothing. For few distinct texts: a pattern is compiled for each row. #}
{% macro matches_a_pattern(text, patterns) -%}
    {{ return(adapter.dispatch('matches_a_pattern')(text, patterns)) }}
{%- endmacro %}

{% macro default__matches_a_pattern(text, patterns) -%}
    coalesce(
        regexp_full_match(
            lower({{ text }}),
            replace(replace(regexp_escape(lower({{ patterns }})), '\*', '.*'), '\' || chr(10), '|')
        ),
        false
    )
{%- endmacro %}

{% macro spark__matches_a_pattern(text, patterns) -%}
    coalesce(
        lower({{ text }}) rlike concat(
            '^(?:',
            replace(replace(regexp_replace(lower({{ patterns }}), '([^a-z0-9\\s*])', '\\\\$1'), '*', '.*'), '\n', '|'),
            ')$'
        ),
        false
    )
{%- endmacro %}
