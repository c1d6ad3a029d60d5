{# Nearest ranks of many overlapping groups of many items. An item belongs to a dozen groups (each of its scopes, its
   work type and all, each period), so its value is not carried into each of them: values are counted where they
   arise, only the counts go on to the groups, and a rank is read off the counts. Equal to the macro nearest_rank, and
   of bounded memory however large a group is. #}


{# The nearest ranks of whole numbers of which a relation tells how often each occurs: p50, p85, … by keys.

   relation: name of a relation with `keys`, `value` and `n_items`; `shares` in percent. Groups below 5 are left out. #}
{% macro nearest_ranks_of_counts(relation, keys, value, shares) %}
    select
        {{ keys | join(', ') }}
        {%- for share in shares %},
        min(case when n_up_to * 100 >= n_all * {{ share }} then {{ value }} end) as p{{ share }}
        {%- endfor %}
    from (
        select
            *,
            sum(n_items) over (
                partition by {{ keys | join(', ') }} order by {{ value }}
                rows between unbounded preceding and current row
            ) as n_up_to,
            sum(n_items) over (partition by {{ keys | join(', ') }}) as n_all
        from {{ relation }}
    ) as cumulated
    where n_all >= 5
    group by {{ keys | join(', ') }}
{% endmacro %}


{# A coarse step that a duration in days falls into: steps grow with the duration, and a longer one is never in an
   earlier step. #}
{% macro duration_step(days) -%}
    cast(
        case
            when {{ days }} < 4 then floor({{ days }} * 16)
            when {{ days }} < 32 then 64 + floor(({{ days }} - 4) * 4)
            when {{ days }} < 256 then 176 + floor(({{ days }} - 32) / 2)
            else 288 + floor(({{ days }} - 256) / 16)
        end as integer
    )
{%- endmacro %}


{# CTEs that end in `<name>`: the nearest ranks of durations in fractions of days, by group, `keys` and percent
   (group_number, keys, percent, elapsed_days). Durations are counted by step; the step that holds the rank is known
   from the counts, and only where the rank lies within it are its durations looked at.

   durations: a FROM clause that yields cell_number, `keys`, duration_step and elapsed_days (not NULL), joins included;
   members: relation that says which cells (cell_number) a group (group_number) has;
   percents: relation of the percents asked for, with `percent` and any of the keys that it depends on (`percent_keys`).
#}
{% macro percentiles_of_groups(name, durations, members, keys, percents, percent_keys=[]) %}
{{ name }}_cell_steps as (

    select
        cell_number,
        {{ keys | join(', ') }},
        duration_step,
        count(*) as n_items,
        min(elapsed_days) as shortest,
        max(elapsed_days) as longest
    from {{ durations }}
    group by cell_number, {{ keys | join(', ') }}, duration_step

),

{{ name }}_steps as (

    select
        members.group_number,
        {%- for key in keys %}
        cell_steps.{{ key }},
        {%- endfor %}
        cell_steps.duration_step,
        cast(sum(cell_steps.n_items) as bigint) as n_items,
        min(cell_steps.shortest) as shortest,
        max(cell_steps.longest) as longest
    from {{ name }}_cell_steps as cell_steps
    inner join {{ members }} as members on cell_steps.cell_number = members.cell_number
    group by members.group_number, {% for key in keys %}cell_steps.{{ key }}, {% endfor %}cell_steps.duration_step

),

{{ name }}_ranks as (

    select
        cumulated.*,
        percents.percent,
        cast(ceil(cumulated.n_all * percents.percent / 100.0) as bigint) - (cumulated.n_up_to - cumulated.n_items)
            as place_in_step
    from (
        select
            *,
            cast(sum(n_items) over (
                partition by group_number, {{ keys | join(', ') }} order by duration_step
                rows between unbounded preceding and current row
            ) as bigint) as n_up_to,
            cast(sum(n_items) over (partition by group_number, {{ keys | join(', ') }}) as bigint) as n_all
        from {{ name }}_steps
    ) as cumulated
    inner join {{ percents }} as percents
        on cumulated.n_up_to * 100 >= cumulated.n_all * percents.percent
        and (cumulated.n_up_to - cumulated.n_items) * 100 < cumulated.n_all * percents.percent
        {%- for key in percent_keys %}
        and cumulated.{{ key }} = percents.{{ key }}
        {%- endfor %}
    where cumulated.n_all >= 5

),

{{ name }}_cell_ranks as (

    select
        ranks.*,
        members.cell_number
    from {{ name }}_ranks as ranks
    inner join {{ members }} as members on ranks.group_number = members.group_number
    where ranks.place_in_step > 1
        and ranks.place_in_step < ranks.n_items

),

{{ name }}_looked_at as (

    select
        cell_ranks.group_number,
        {%- for key in keys %}
        cell_ranks.{{ key }},
        {%- endfor %}
        cell_ranks.percent,
        cell_ranks.place_in_step,
        durations.elapsed_days,
        row_number() over (
            partition by
                cell_ranks.group_number, {% for key in keys %}cell_ranks.{{ key }}, {% endfor %}cell_ranks.percent
            order by durations.elapsed_days
        ) as place
    from (
        select
            cell_number,
            {{ keys | join(', ') }},
            duration_step,
            elapsed_days
        from {{ durations }}
    ) as durations
    inner join {{ name }}_cell_ranks as cell_ranks
        on durations.cell_number = cell_ranks.cell_number
        {%- for key in keys %}
        and durations.{{ key }} = cell_ranks.{{ key }}
        {%- endfor %}
        and durations.duration_step = cell_ranks.duration_step

),

{{ name }} as (

    select
        group_number,
        {{ keys | join(', ') }},
        percent,
        case when place_in_step = 1 then shortest else longest end as elapsed_days
    from {{ name }}_ranks
    where place_in_step = 1
        or place_in_step = n_items

    union all

    select
        group_number,
        {{ keys | join(', ') }},
        percent,
        elapsed_days
    from {{ name }}_looked_at
    where place = place_in_step

)
{%- endmacro %}
