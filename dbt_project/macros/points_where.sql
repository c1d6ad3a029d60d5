{# Points of the rows that a condition holds for, in a group by: 0 without such rows, NULL where none of them has an
   estimate. Summed as sum_of_seconds sums: the answer does not depend on the order of the rows. #}
{% macro points_where(condition) -%}
    case
        when count(case when {{ condition }} then 1 end) = 0 then 0.0
        when count(case when {{ condition }} then estimate end) > 0
            then {{ sum_of_seconds('case when ' ~ condition ~ ' then estimate end') }}
    end
{%- endmacro %}
