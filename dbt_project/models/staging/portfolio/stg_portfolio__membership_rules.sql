select
    cast(rule_position as integer) as rule_position,
    team_id,
    cast(source_id as varchar) as source_id,
    cast(project as varchar) as project,
    cast(component as varchar) as component,
    cast(label as varchar) as label,
    cast(item_type as varchar) as item_type,
    cast(team_value as varchar) as team_value,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to
from {{ source('raw_portfolio', 'membership_rules') }}
