{# Differences between engines in values: JSON, lists, percentiles, carried-forward values. #}

{# The text of a custom field, whatever way the instance wraps it: "x", {"value": "x"}, {"name": "x"}, [{…}]. #}
{% macro json_text(value) -%}
    {{ return(adapter.dispatch('json_text')(value)) }}
{%- endmacro %}

{% macro default__json_text(value) -%}
    coalesce(
        json_extract_string({{ value }}, '$.value'),
        json_extract_string({{ value }}, '$.name'),
        json_extract_string({{ value }}, '$.title'),
        json_extract_string({{ value }}, '$.key'),
        json_extract_string({{ value }}, '$[0].value'),
        json_extract_string({{ value }}, '$[0].name'),
        json_extract_string({{ value }}, '$[0]'),
        nullif(json_extract_string({{ value }}, '$'), '[]')
    )
{%- endmacro %}

{% macro spark__json_text(value) -%}
    coalesce(
        get_json_object({{ value }}, '$.value'),
        get_json_object({{ value }}, '$.name'),
        get_json_object({{ value }}, '$.title'),
        get_json_object({{ value }}, '$.key'),
        get_json_object({{ value }}, '$[0].value'),
        get_json_object({{ value }}, '$[0].name'),
        get_json_object({{ value }}, '$[0]'),
        nullif(get_json_object({{ value }}, '$'), '[]')
    )
{%- endmacro %}


{# The texts of a list, one a line. #}
{% macro joined_text(list) -%}
    {{ return(adapter.dispatch('joined_text')(list)) }}
{%- endmacro %}

{% macro default__joined_text(list) -%}
    array_to_string({{ list }}, chr(10))
{%- endmacro %}

{% macro spark__joined_text(list) -%}
    array_join({{ list }}, chr(10))
{%- endmacro %}


{# Nearest rank: a value that truly occurred, so that "85 % took N days or less" is literally true; NULL below 5. #}
{% macro nearest_rank(value, share, condition='true') -%}
    case when count({{ value }}) filter (where {{ condition }}) >= 5
        then percentile_disc({{ share }}) within group (order by {{ value }}) filter (where {{ condition }})
    end
{%- endmacro %}


{# Several nearest ranks of a group at once, as a list: NULL below 5. The values are put in order once, not once a rank. #}
{% macro nearest_ranks(value, shares) -%}
    {{ return(adapter.dispatch('nearest_ranks')(value, shares)) }}
{%- endmacro %}

{% macro default__nearest_ranks(value, shares) -%}
    case when count({{ value }}) >= 5 then quantile_disc({{ value }}, [{{ shares | join(', ') }}]) end
{%- endmacro %}

{% macro spark__nearest_ranks(value, shares) -%}
    case when count({{ value }}) >= 5 then array(
        {%- for share in shares %}
        percentile_disc({{ share }}) within group (order by {{ value }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) end
{%- endmacro %}


{# The n-th of a list, from 1. #}
{% macro nth_of(list, n) -%}
    {{ return(adapter.dispatch('nth_of')(list, n)) }}
{%- endmacro %}

{% macro default__nth_of(list, n) -%}
    {{ list }}[{{ n }}]
{%- endmacro %}

{% macro spark__nth_of(list, n) -%}
    {{ list }}[{{ n - 1 }}]
{%- endmacro %}


{# The newest value known up to this row of a window. #}
{% macro last_known(value, over) -%}
    {{ return(adapter.dispatch('last_known')(value, over)) }}
{%- endmacro %}

{% macro default__last_known(value, over) -%}
    last_value({{ value }} ignore nulls) over ({{ over }} rows between unbounded preceding and current row)
{%- endmacro %}

{% macro spark__last_known(value, over) -%}
    last_value({{ value }}, true) over ({{ over }} rows between unbounded preceding and current row)
{%- endmacro %}


{% macro distinct_joined(value) -%}
    {{ return(adapter.dispatch('distinct_joined')(value)) }}
{%- endmacro %}

{% macro default__distinct_joined(value) -%}
    array_to_string(list_sort(list_distinct(array_agg({{ value }}))), ', ')
{%- endmacro %}

{% macro spark__distinct_joined(value) -%}
    array_join(array_sort(collect_set({{ value }})), ', ')
{%- endmacro %}


{# The first value known anywhere in a window's partition. #}
{% macro first_known(value, over) -%}
    {{ return(adapter.dispatch('first_known')(value, over)) }}
{%- endmacro %}

{% macro default__first_known(value, over) -%}
    first_value({{ value }} ignore nulls) over ({{ over }} rows between unbounded preceding and unbounded following)
{%- endmacro %}

{% macro spark__first_known(value, over) -%}
    first_value({{ value }}, true) over ({{ over }} rows between unbounded preceding and unbounded following)
{%- endmacro %}


{# One short text for a group of texts, whatever their order. #}
{% macro content_hash(value) -%}
    {{ return(adapter.dispatch('content_hash')(value)) }}
{%- endmacro %}

{% macro default__content_hash(value) -%}
    md5(array_to_string(list_sort(array_agg({{ value }})), ';'))
{%- endmacro %}

{% macro spark__content_hash(value) -%}
    md5(array_join(array_sort(collect_list({{ value }})), ';'))
{%- endmacro %}


{# The value of a group's row with the smallest, or the greatest, order among those whose value is known. #}
{% macro earliest_known(value, ordered_by) -%}
    {{ return(adapter.dispatch('earliest_known')(value, ordered_by)) }}
{%- endmacro %}

{% macro default__earliest_known(value, ordered_by) -%}
    arg_min({{ value }}, {{ ordered_by }})
{%- endmacro %}

{% macro spark__earliest_known(value, ordered_by) -%}
    min_by({{ value }}, {{ ordered_by }}) filter (where {{ value }} is not null)
{%- endmacro %}


{% macro latest_known(value, ordered_by) -%}
    {{ return(adapter.dispatch('latest_known')(value, ordered_by)) }}
{%- endmacro %}

{% macro default__latest_known(value, ordered_by) -%}
    arg_max({{ value }}, {{ ordered_by }})
{%- endmacro %}

{% macro spark__latest_known(value, ordered_by) -%}
    max_by({{ value }}, {{ ordered_by }}) filter (where {{ value }} is not null)
{%- endmacro %}
