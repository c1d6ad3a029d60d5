{# Fails with each row for which the condition is false; NULL counts as "cannot be measured" and passes. #}
{% test holds(model, condition) %}

select *
from {{ model }}
where not ({{ condition }})

{% endtest %}
