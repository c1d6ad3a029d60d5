-- One row per counted item and iteration that it ever was in.
--
-- Tools that plan by days let an iteration begin and end at midnight (UTC). Nobody plans at midnight: what is put in on
-- the first day was committed, what is taken out on the last day was carried over.
with spells as (

    select * from {{ ref('int_iteration_spells_detected') }}

),

iterations as (

    select * from {{ ref('dim_iterations') }}

),

items as (

    select * from {{ ref('fct_work_items') }}
    where is_counted

),

segments as (

    select * from {{ ref('int_stage_segments_folded') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

-- An iteration that has begun is looked at until it ended, or until as_of.
windows as (

    select
        iterations.iteration_id,
        iterations.started_at,
        case
            when {{ hours_of_day(local_time('iterations.started_at', "'UTC'")) }} = 0
                then {{ start_of_day(
                    plus_days(local_date('iterations.started_at', "'UTC'"), 1), "'UTC'"
                ) }}
            else iterations.started_at
        end as committed_until_at,
        least(coalesce(iterations.completed_at, iterations.planned_end_at, refresh.as_of), refresh.as_of) as until_at,
        coalesce(
            coalesce(iterations.completed_at, iterations.planned_end_at) <= refresh.as_of,
            iterations.iteration_state = 'closed'
        ) as has_ended,
        coalesce(iterations.started_at <= refresh.as_of, iterations.iteration_state <> 'future', true) as has_begun,
        refresh.as_of
    from iterations
    cross join refresh

),

bounded as (

    select
        *,
        case
            when has_ended and {{ hours_of_day(local_time('until_at', "'UTC'")) }} = 0
                then {{ start_of_day(plus_days(local_date('until_at', "'UTC'"), -1), "'UTC'") }}
            else until_at
        end as carried_over_from_at
    from windows

),

placed as (

    select
        spells.work_item_id,
        spells.iteration_id,
        spells.started_at,
        spells.ended_at,
        items.finished_at,
        coalesce(items.finished_at, items.cancelled_at) as item_ended_at,
        items.removed_at,
        bounded.started_at as iteration_started_at,
        bounded.committed_until_at,
        bounded.carried_over_from_at,
        coalesce(bounded.until_at, refresh.as_of) as until_at,
        coalesce(bounded.has_ended, false) as has_ended,
        coalesce(bounded.has_begun, false) as has_begun
    from spells
    inner join items on spells.work_item_id = items.work_item_id
    cross join refresh
    left join bounded on spells.iteration_id = bounded.iteration_id

),

-- An item that had ended before is no work of the iteration, although its tool lists it there.
judged as (

    select
        *,
        started_at <= committed_until_at
        and (ended_at is null or ended_at > committed_until_at)
        and (item_ended_at is null or item_ended_at > iteration_started_at)
        and (removed_at is null or removed_at > committed_until_at) as was_in_at_start,
        started_at > committed_until_at
        and started_at <= until_at
        and (item_ended_at is null or item_ended_at >= started_at) as came_later,
        started_at <= until_at
        and (ended_at is null or ended_at > coalesce(committed_until_at, started_at))
        and (item_ended_at is null or item_ended_at >= coalesce(iteration_started_at, started_at)) as was_in,
        started_at <= until_at
        and (ended_at is null or ended_at >= carried_over_from_at or ended_at >= until_at) as was_in_at_end,
        (iteration_started_at is null or finished_at > iteration_started_at)
        and finished_at <= until_at
        and finished_at >= started_at
        and (ended_at is null or finished_at <= ended_at) as was_finished_in_it
    from placed

),

summed as (

    select
        work_item_id,
        iteration_id,
        min(started_at) as added_at,
        case when count(ended_at) = count(*) then max(ended_at) end as removed_at,
        max(case when was_in_at_start then 1 else 0 end) as was_in_at_start,
        max(case when came_later then 1 else 0 end) as came_later,
        max(case when was_in then 1 else 0 end) as was_in,
        max(case when was_in_at_end then 1 else 0 end) as was_in_at_end,
        max(case when was_finished_in_it then 1 else 0 end) as was_finished_in_it,
        max(case when item_ended_at <= until_at or removed_at <= until_at then 1 else 0 end) as had_ended_by_end,
        max(case when has_begun then 1 else 0 end) as has_begun,
        max(case when has_ended then 1 else 0 end) as has_ended,
        max(case when iteration_started_at is not null then 1 else 0 end) as has_start,
        -- The day whose team it counts for: the last that it was in the iteration, or its own end.
        greatest(
            min(started_at),
            least(
                max(until_at),
                coalesce(case when count(ended_at) = count(*) then max(ended_at) end, max(until_at)),
                coalesce(max(item_ended_at), max(until_at))
            )
        ) as counted_at
    from judged
    group by work_item_id, iteration_id

),

teams as (

    select
        summed.work_item_id,
        summed.iteration_id,
        max(segments.team_id) as team_id,
        max(segments.train_id) as train_id,
        max(segments.value_stream_id) as value_stream_id,
        max(segments.level) as level
    from summed
    inner join segments
        on summed.work_item_id = segments.work_item_id
        and segments.started_at <= summed.counted_at
        and (segments.ended_at is null or segments.ended_at > summed.counted_at)
    group by summed.work_item_id, summed.iteration_id

)

select
    summed.iteration_id,
    summed.work_item_id,
    items.source_id,
    coalesce(teams.team_id, items.team_id) as team_id,
    coalesce(teams.train_id, items.train_id) as train_id,
    coalesce(teams.value_stream_id, items.value_stream_id) as value_stream_id,
    coalesce(teams.level, items.level) as level,
    items.work_type,
    items.estimate,
    summed.added_at,
    summed.removed_at,
    items.finished_at,
    case when summed.has_begun = 1 and summed.has_start = 1 then summed.was_in_at_start = 1 end as is_committed,
    case
        when summed.has_begun = 1 and summed.has_start = 1
            then summed.was_in_at_start = 0 and summed.came_later = 1
    end as is_added_after_start,
    case when summed.has_begun = 1 then summed.was_in = 1 and summed.was_in_at_end = 0 end as is_removed_before_end,
    case
        when summed.has_begun = 1
            then summed.was_finished_in_it = 1
                and (summed.has_start = 0 or summed.was_in_at_start = 1 or summed.came_later = 1)
    end as is_completed,
    case
        when summed.has_ended = 1
            then summed.was_in = 1 and summed.was_in_at_end = 1 and summed.had_ended_by_end = 0
    end as is_carried_over
from summed
inner join items on summed.work_item_id = items.work_item_id
left join teams
    on summed.work_item_id = teams.work_item_id
    and summed.iteration_id = teams.iteration_id
