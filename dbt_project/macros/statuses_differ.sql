{# Are these two statuses different? By id where both have one (a renamed status keeps its id), else by name. #}
{% macro statuses_differ(one_id, one_name, other_id, other_name) -%}
    case
        when nullif({{ one_id }}, '') is not null and nullif({{ other_id }}, '') is not null
            then {{ one_id }} <> {{ other_id }}
        else lower({{ one_name }}) <> lower({{ other_name }})
    end
{%- endmacro %}


{# Was the item done later than it was created, although no change of its status is known? Then its status at creation
   is not known either. A minute is allowed for, because a tool stamps both within one request. Of an item exported
   without any history only its last update tells. #}
{% macro is_resolved_without_a_change(items, has_status_change) -%}
    (
        not {{ has_status_change }}
        and (
            {{ items }}.status_kind = 'done'
            or (not {{ items }}.has_changelog and {{ items }}.resolved_at is not null)
        )
        and {{ seconds_between(
            items ~ '.created_at',
            'coalesce(' ~ items ~ '.resolved_at, case when not ' ~ items ~ '.has_changelog then '
            ~ items ~ '.updated_at end)'
        ) }} > 60
    )
{%- endmacro %}


{# Does a moment belong to the life of an item that was removed from its tool? A tool that moves or converts an item
   closes it within the same minute. #}
{% macro happens_before_removal(moment, items) -%}
    {{ seconds_between(moment, items ~ '.removed_at') }}
    >= case when {{ items }}.removal in ('moved', 'converted') then 60 else 0 end
{%- endmacro %}
