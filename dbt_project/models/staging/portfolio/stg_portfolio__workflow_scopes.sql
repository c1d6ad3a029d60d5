select
    workflow_id,
    cast(workflow_position as integer) as workflow_position,
    cast(level as varchar) as level,
    cast(value_stream_id as varchar) as value_stream_id,
    cast(source_id as varchar) as source_id
from {{ source('raw_portfolio', 'workflow_scopes') }}
