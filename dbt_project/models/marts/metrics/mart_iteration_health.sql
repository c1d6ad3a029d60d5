-- Iterations that no export lists have no dates and are left out.
with items as (

    select * from {{ ref('fct_iteration_items') }}

),

iterations as (

    select * from {{ ref('dim_iterations') }}

),

teams as (

    select * from {{ ref('dim_teams') }}

),

summed as (

    select
        iteration_id,
        team_id,
        cast(count(case when removed_at is null then 1 end) as integer) as n_items,
        cast(count(case when is_committed then 1 end) as integer) as n_committed,
        cast(count(case when is_added_after_start then 1 end) as integer) as n_added,
        cast(count(case when is_removed_before_end then 1 end) as integer) as n_removed,
        cast(count(case when is_completed then 1 end) as integer) as n_completed,
        cast(count(case when is_completed and is_committed then 1 end) as integer) as n_completed_committed,
        cast(count(case when is_carried_over then 1 end) as integer) as n_carried_over,
        cast(count(case when estimate is not null then 1 end) as integer) as n_estimated,
        {{ points_where('is_committed') }} as committed_points,
        {{ points_where('is_added_after_start') }} as added_points,
        {{ points_where('is_removed_before_end') }} as removed_points,
        {{ points_where('is_completed') }} as completed_points,
        {{ points_where('is_completed and is_committed') }} as completed_committed_points,
        {{ points_where('is_carried_over') }} as carried_over_points,
        -- The same for all items of an iteration.
        count(is_completed) > 0 as has_begun,
        count(is_committed) > 0 as has_known_start,
        count(is_carried_over) > 0 as is_ended
    from items
    group by iteration_id, team_id

)

select
    summed.iteration_id,
    iterations.source_id,
    iterations.iteration_name,
    iterations.iteration_state,
    iterations.started_at,
    iterations.planned_end_at,
    iterations.completed_at,
    summed.team_id,
    teams.team_name,
    teams.train_id,
    teams.value_stream_id,
    summed.is_ended,
    summed.n_items,
    case when summed.has_known_start then summed.n_committed end as n_committed,
    case when summed.has_known_start then summed.n_added end as n_added,
    case when summed.has_begun then summed.n_removed end as n_removed,
    case when summed.has_begun then summed.n_completed end as n_completed,
    case when summed.has_known_start then summed.n_completed_committed end as n_completed_committed,
    case when summed.is_ended then summed.n_carried_over end as n_carried_over,
    summed.n_estimated,
    case when summed.has_known_start then summed.committed_points end as committed_points,
    case when summed.has_known_start then summed.added_points end as added_points,
    case when summed.has_begun then summed.removed_points end as removed_points,
    case when summed.has_begun then summed.completed_points end as completed_points,
    case when summed.has_known_start then summed.completed_committed_points end as completed_committed_points,
    case when summed.is_ended then summed.carried_over_points end as carried_over_points,
    case
        when summed.has_known_start and summed.n_committed > 0
            then summed.n_completed_committed * 1.0 / summed.n_committed
    end as committed_done_share,
    case
        when summed.has_known_start and summed.committed_points > 0
            then coalesce(summed.completed_committed_points, 0.0) / summed.committed_points
    end as committed_points_done_share
from summed
inner join iterations on summed.iteration_id = iterations.iteration_id
inner join teams on summed.team_id = teams.team_id
