select
    stages.stage_id,
    stages.workflow_id,
    workflows.workflow_name,
    stages.stage_name,
    stages.stage_kind,
    stages.position,
    stages.is_commitment,
    stages.is_counted,
    stages.is_cancelled,
    stages.is_unmapped,
    stages.wip_limit,
    stages.roles
from {{ ref('stg_portfolio__stages') }} as stages
inner join {{ ref('stg_portfolio__workflows') }} as workflows
    on stages.workflow_id = workflows.workflow_id
