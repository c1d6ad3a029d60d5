{# Differences between engines in the JSON of Jira's custom fields. #}

{# The text of a custom field; Jira Cloud gives text as a tree ({"type": "doc", …}), whose words are taken in order. #}
{% macro jira_field_text(value) -%}
    {{ return(adapter.dispatch('jira_field_text')(value)) }}
{%- endmacro %}

{% macro default__jira_field_text(value) -%}
    case
        when json_extract_string({{ value }}, '$.type') = 'doc'
            then nullif(trim(regexp_replace(
                array_to_string(json_extract_string({{ value }}, '$..text'), ' '), '\s+', ' ', 'g'
            )), '')
        else {{ json_text(value) }}
    end
{%- endmacro %}

{% macro spark__jira_field_text(value) -%}
    case
        when get_json_object({{ value }}, '$.type') = 'doc'
            then nullif(trim(regexp_replace(
                array_join(regexp_extract_all({{ value }}, '"text"\\s*:\\s*"((?:[^"\\\\]|\\\\.)*)"', 1), ' '), '\\s+', ' '
            )), '')
        else {{ json_text(value) }}
    end
{%- endmacro %}


{# The key or id of the issue that a field refers to: "PAY-9", {"key": …}, {"data": {"key": …}}; NULL where it names
   none. #}
{% macro json_issue_reference(value) -%}
    {{ return(adapter.dispatch('json_issue_reference')(value)) }}
{%- endmacro %}

{% macro default__json_issue_reference(value) -%}
    coalesce(
        json_extract_string({{ value }}, '$.data.key'),
        json_extract_string({{ value }}, '$.data.id'),
        json_extract_string({{ value }}, '$.key'),
        json_extract_string({{ value }}, '$.id'),
        json_extract_string({{ value }}, '$.value'),
        case when json_type({{ value }}) not in ('OBJECT', 'ARRAY') then json_extract_string({{ value }}, '$') end
    )
{%- endmacro %}

{% macro spark__json_issue_reference(value) -%}
    coalesce(
        get_json_object({{ value }}, '$.data.key'),
        get_json_object({{ value }}, '$.data.id'),
        get_json_object({{ value }}, '$.key'),
        get_json_object({{ value }}, '$.id'),
        get_json_object({{ value }}, '$.value'),
        case
            when substr({{ value }}, 1, 1) not in ('{', '[') then get_json_object({{ value }}, '$')
        end
    )
{%- endmacro %}
