select
    stage_id,
    workflow_id,
    stage_name,
    stage_kind,
    cast(position as integer) as position,
    cast(is_commitment as boolean) as is_commitment,
    cast(is_counted as boolean) as is_counted,
    cast(is_cancelled as boolean) as is_cancelled,
    cast(is_unmapped as boolean) as is_unmapped,
    cast(wip_limit as integer) as wip_limit,
    nullif(roles, '') as roles
from {{ source('raw_portfolio', 'stages') }}
