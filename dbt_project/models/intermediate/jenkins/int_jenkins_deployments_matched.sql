{{ config(materialized='view') }}
-- Jenkins knows builds and no deployments. A build is one into whatever environment the portfolio's patterns for the
-- source find in the name of one of its stages, else in its job's name, without or with its folders; without patterns
-- there are none.
with builds as (

    select * from {{ ref('stg_jenkins__builds') }}

),

stages as (

    select * from {{ ref('stg_jenkins__build_stages') }}

),

rules as (

    select * from {{ ref('stg_portfolio__environment_rules') }}

),

stage_names as (

    select distinct
        stages.source_id,
        stages.stage_name
    from stages
    inner join rules
        on stages.source_id = rules.source_id
        and {{ matches_a_pattern('stages.stage_name', 'rules.pattern') }}

),

jobs as (

    select distinct
        source_id,
        job,
        pipeline_name
    from builds

),

-- The environment bears the name that the most particular pattern found, by which it is then classified.
job_names as (

    select
        jobs.source_id,
        jobs.job,
        case
            when {{ matches_a_pattern('jobs.pipeline_name', 'rules.pattern') }} then jobs.pipeline_name else jobs.job
        end as environment_name,
        row_number() over (
            partition by jobs.source_id, jobs.job order by length(rules.pattern) desc, rules.environment, rules.pattern
        ) as place
    from jobs
    inner join rules
        on jobs.source_id = rules.source_id
        and (
            {{ matches_a_pattern('jobs.pipeline_name', 'rules.pattern') }}
            or {{ matches_a_pattern('jobs.job', 'rules.pattern') }}
        )

),

stage_deployments as (

    select
        stages.source_id || ':' || builds.native_id || '/' || stages.stage_id as deployment_id,
        stages.source_id,
        builds.native_id || '/' || stages.stage_id as native_id,
        builds.project,
        stages.stage_name as environment_name,
        stages.result,
        stages.raw_result,
        builds.commit_sha,
        builds.branch as ref,
        stages.started_at,
        case when stages.result <> 'running' then stages.finished_at end as finished_at,
        builds.job,
        builds.build_number
    from stages
    inner join stage_names
        on stages.source_id = stage_names.source_id
        and stages.stage_name = stage_names.stage_name
    inner join builds
        on stages.source_id = builds.source_id
        and stages.job = builds.job
        and stages.build_number = builds.build_number

)

select
    deployment_id,
    source_id,
    native_id,
    project,
    environment_name,
    result,
    raw_result,
    commit_sha,
    ref,
    started_at,
    finished_at,
    job,
    build_number
from stage_deployments

union all

select
    builds.build_id as deployment_id,
    builds.source_id,
    builds.native_id,
    builds.project,
    job_names.environment_name,
    builds.result,
    builds.raw_result,
    builds.commit_sha,
    builds.branch as ref,
    builds.started_at,
    builds.finished_at,
    builds.job,
    builds.build_number
from builds
inner join job_names
    on builds.source_id = job_names.source_id
    and builds.job = job_names.job
    and job_names.place = 1
left join stage_deployments
    on builds.source_id = stage_deployments.source_id
    and builds.job = stage_deployments.job
    and builds.build_number = stage_deployments.build_number
where stage_deployments.deployment_id is null
