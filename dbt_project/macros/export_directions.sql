{# Items whose export lists the newest entry first, as a select with work_item_id. Without numbers only the place in the
   export tells two entries of one moment apart; the followed part of the whole list says which way it runs. #}
{% macro items_listed_newest_first() %}
    select work_item_id
    from (
        select
            work_item_id,
            {{ first_known('changed_at', 'partition by work_item_id order by history_position') }} as first_listed_at,
            {{ first_known('changed_at', 'partition by work_item_id order by history_position desc') }}
                as last_listed_at
        from {{ ref('int_item_changes_unioned') }}
        where history_number is null
            and history_position is not null
    ) as listed
    where first_listed_at > last_listed_at
    group by work_item_id
{% endmacro %}
