{#
  A window sorts whole rows, and its time goes with their width. What comes in few combinations over many rows (where an
  item stood: its team, level, workflow, stage) is carried through windows as one number and told in words again after
  them.
#}

{# The distinct combinations of `columns` in a relation, numbered from 1 in their own order as `number`. #}
{% macro numbered_combinations(relation, columns, number) %}
    select
        *,
        row_number() over (order by {{ columns | join(', ') }}) as {{ number }}
    from (
        select distinct
            {{ columns | join(',\n            ') }}
        from {{ relation }}
    ) as combinations
{%- endmacro %}


{# A condition on two relations: the same combination; NULL is a value as any other. #}
{% macro is_same_combination(relation, other, columns) -%}
    {%- for column in columns -%}
    {{ relation }}.{{ column }} is not distinct from {{ other }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
