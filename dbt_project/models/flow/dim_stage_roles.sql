select
    stages.stage_id,
    roles.role,
    stages.workflow_id,
    stages.stage_kind
from {{ ref('stg_portfolio__stage_roles') }} as roles
inner join {{ ref('stg_portfolio__stages') }} as stages
    on roles.stage_id = stages.stage_id
