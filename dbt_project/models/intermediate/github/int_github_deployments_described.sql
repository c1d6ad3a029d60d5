{{ config(materialized='view') }}
-- One row per deployment. It started with its first status that says so and finished with the first that is an end;
-- that it became inactive later only says that another one took its place.
with deployments as (

    select * from {{ ref('stg_github__deployments') }}

),

statuses as (

    select
        *,
        row_number() over (
            partition by deployment_id, state in ('success', 'failure', 'error')
            order by created_at, status_number nulls last, status_id
        ) as place,
        row_number() over (
            partition by deployment_id order by created_at desc, status_number desc nulls last, status_id desc
        ) as recency
    from {{ ref('stg_github__deployment_statuses') }}

),

starts as (

    select
        deployment_id,
        min(created_at) as started_at
    from statuses
    where state = 'in_progress'
    group by deployment_id

)

select
    deployments.deployment_id,
    deployments.source_id,
    deployments.native_id,
    deployments.repository as project,
    deployments.environment as environment_name,
    case
        when ends.state = 'success' then 'success'
        when ends.state in ('failure', 'error') then 'failure'
        when newest.state in ('queued', 'pending', 'in_progress') then 'running'
        -- Replaced before any status told how it ended.
        else 'other'
    end as result,
    coalesce(ends.state, newest.state) as raw_result,
    deployments.commit_sha,
    deployments.ref,
    coalesce(starts.started_at, deployments.created_at) as started_at,
    ends.created_at as finished_at
from deployments
left join statuses as ends
    on deployments.deployment_id = ends.deployment_id
    and ends.state in ('success', 'failure', 'error')
    and ends.place = 1
left join statuses as newest
    on deployments.deployment_id = newest.deployment_id
    and newest.recency = 1
left join starts on deployments.deployment_id = starts.deployment_id
