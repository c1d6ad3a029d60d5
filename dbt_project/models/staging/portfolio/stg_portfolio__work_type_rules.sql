select
    cast(rule_position as integer) as rule_position,
    level,
    work_type,
    cast(source_id as varchar) as source_id,
    cast(project as varchar) as project,
    cast(item_type as varchar) as item_type,
    cast(label as varchar) as label,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to
from {{ source('raw_portfolio', 'work_type_rules') }}
