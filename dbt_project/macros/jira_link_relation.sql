{# What a link of Jira means, by the words of its direction ("is blocked by", "duplicates"). A person may name link
   types freely, so the words are looked for, not the type; words that say nothing else relate two items.
   Read it as "this item <relation> the linked one"; a parent's relation is `parent`: the linked item is the parent. #}
{% macro jira_link_relation(words) -%}
    case
        {% for relation, found in [
            ('blocked_by', ['blocked by', 'depends on', 'depends upon', 'dependent on', 'is waiting for', 'waits for',
                'blockiert von', 'blockiert durch']),
            ('blocks', ['block', 'depended on by', 'depended upon by', 'is a dependency of', 'is a dependency for']),
            ('duplicated_by', ['duplicated by', 'is original of', 'dupliziert von', 'dupliziert durch']),
            ('duplicates', ['duplicate', 'dupliziert']),
            ('parent', ['is child of', 'is a child of']),
            ('child', ['is parent of', 'is a parent of', 'is the parent of']),
        ] -%}
        when
            {%- for text in found %}
            {{ 'or ' if not loop.first }}lower({{ words }}) like '%{{ text }}%'
            {%- endfor %}
            then '{{ relation }}'
        {% endfor -%}
        else 'relates'
    end
{%- endmacro %}
