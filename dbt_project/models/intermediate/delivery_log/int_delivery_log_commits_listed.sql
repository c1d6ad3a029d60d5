{{ config(materialized='view') }}
-- The commits that a logged deployment brought, one row each.
select
    source_id,
    commit_sha,
    project,
    cast(null as varchar) as pull_request_id,
    deployment_id,
    cast(null as varchar) as message_keys,
    cast(null as timestamptz) as committed_at
from (
    select distinct
        source_id,
        project,
        deployment_id,
        {{ items_of('commit_shas') }} as commit_sha
    from {{ ref('stg_delivery_log__deployments') }}
) as commits
