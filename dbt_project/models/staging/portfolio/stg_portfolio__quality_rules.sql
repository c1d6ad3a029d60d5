select
    signal,
    cast(source_id as varchar) as source_id,
    cast(project as varchar) as project,
    cast(item_type as varchar) as item_type,
    cast(label as varchar) as label
from {{ source('raw_portfolio', 'quality_rules') }}
