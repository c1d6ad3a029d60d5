with builds as (

    select * from {{ ref('int_builds_unioned') }}

),

memberships as (

    select * from {{ ref('int_code_memberships_mapped') }} where fact_kind = 'build'

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

-- What had not ended by as_of was still running then.
as_of_rows as (

    select
        builds.*,
        {{ known_at_as_of('builds.started_at') }} as known_started_at,
        {{ known_at_as_of('builds.finished_at') }} as known_finished_at,
        coalesce(greatest(builds.started_at, builds.finished_at) > refresh.as_of, false) as is_later
    from builds
    cross join refresh
    where coalesce(builds.queued_at, builds.started_at, builds.finished_at) <= refresh.as_of

)

select
    as_of_rows.build_id,
    as_of_rows.source_id,
    as_of_rows.native_id,
    as_of_rows.project,
    as_of_rows.pipeline_name,
    as_of_rows.branch,
    as_of_rows.commit_sha,
    as_of_rows.title,
    case when as_of_rows.is_later then 'running' else as_of_rows.result end as result,
    case when not as_of_rows.is_later then as_of_rows.raw_result end as raw_result,
    as_of_rows.result = 'failure' and not as_of_rows.is_later as is_failed,
    as_of_rows.queued_at,
    as_of_rows.known_started_at as started_at,
    as_of_rows.known_finished_at as finished_at,
    {{ elapsed_hours('as_of_rows.queued_at', 'as_of_rows.known_started_at') }} as wait_elapsed_hours,
    {{ elapsed_hours('as_of_rows.known_started_at', 'as_of_rows.known_finished_at') }} as duration_elapsed_hours,
    as_of_rows.web_url,
    memberships.team_id,
    memberships.train_id,
    memberships.value_stream_id,
    memberships.membership_basis
from as_of_rows
inner join memberships on as_of_rows.build_id = memberships.fact_id
