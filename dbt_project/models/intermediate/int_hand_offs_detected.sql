{{ config(materialized='view') }}
-- One row per passage of an item from those who worked on it to the next ones: from one span in an active stage to the
-- next active span, where the stage or the team changed. What lies between, in queues, is the wait. An item that sits
-- in a queue today, in front of a stage where someone would take it up, has been handed on and not been taken.
--
-- A mapping that begins to hold moves items without anything happening to them: a reorganisation or a changed workflow
-- is no hand-off. So a passage needs a change of the item's own, and its team changed only where that change was the
-- item's. A team that no rule matched is not known, so nothing is handed to it or from it. Stages of two workflows (an
-- item of another type since) are compared by their roles.
with segments as (

    select * from {{ ref('int_stage_segments_folded') }}

),

stages as (

    select * from {{ ref('stg_portfolio__stages') }}

),

boundaries as (

    select distinct boundary_at from {{ ref('int_mapping_boundaries_listed') }}

),

-- Exports that tell only days have all their changes at midnight, where mappings begin to hold too.
own_moves as (

    select distinct
        entries.work_item_id,
        boundaries.boundary_at
    from {{ ref('int_item_histories_pivoted') }} as entries
    inner join boundaries on entries.changed_at = boundaries.boundary_at

),

last_active_stages as (

    select
        workflow_id,
        max(position) as position
    from stages
    where stage_kind = 'active'
        and not is_unmapped
    group by workflow_id

),

traced as (

    select
        segments.*,
        case when boundaries.boundary_at is null or own_moves.work_item_id is not null then 1 else 0 end
            as is_own_change,
        lag(segments.team_id) over (
            partition by segments.work_item_id order by segments.segment_number
        ) as previous_team_id,
        case
            when lag(segments.stage_kind) over (
                partition by segments.work_item_id order by segments.segment_number
            ) = 'queue'
                then lag(segments.stage_id) over (
                    partition by segments.work_item_id order by segments.segment_number
                )
        end as queue_before_id,
        {{ last_known("case when segments.stage_kind = 'done' then segments.ended_at end",
            'partition by segments.work_item_id order by segments.segment_number') }} as last_reopened_at
    from segments
    left join boundaries on segments.started_at = boundaries.boundary_at
    left join own_moves
        on segments.work_item_id = own_moves.work_item_id
        and segments.started_at = own_moves.boundary_at

),

counted as (

    select
        *,
        sum(is_own_change) over (
            partition by work_item_id order by segment_number rows between unbounded preceding and current row
        ) as n_own_changes,
        sum(case when team_id <> previous_team_id then is_own_change else 0 end) over (
            partition by work_item_id order by segment_number rows between unbounded preceding and current row
        ) as n_team_changes
    from traced

),

holders as (

    select
        counted.*,
        stages.roles,
        counted.stage_kind = 'queue' as is_open
    from counted
    inner join stages on counted.stage_id = stages.stage_id
    left join last_active_stages on counted.workflow_id = last_active_stages.workflow_id
    where counted.stage_kind = 'active'
        or (
            counted.stage_kind = 'queue'
            and counted.ended_at is null
            and (
                stages.is_unmapped
                or (stages.is_counted and counted.stage_position < last_active_stages.position)
            )
        )

),

passages as (

    select
        *,
        lag(value_stream_id) over (partition by work_item_id order by segment_number) as from_value_stream_id,
        lag(train_id) over (partition by work_item_id order by segment_number) as from_train_id,
        lag(team_id) over (partition by work_item_id order by segment_number) as from_team_id,
        lag(workflow_id) over (partition by work_item_id order by segment_number) as from_workflow_id,
        lag(stage_id) over (partition by work_item_id order by segment_number) as from_stage_id,
        lag(stage_position) over (partition by work_item_id order by segment_number) as from_stage_position,
        lag(roles) over (partition by work_item_id order by segment_number) as from_roles,
        lag(ended_at) over (partition by work_item_id order by segment_number) as from_ended_at,
        lag(n_own_changes) over (partition by work_item_id order by segment_number) as n_own_changes_before,
        lag(n_team_changes) over (partition by work_item_id order by segment_number) as n_team_changes_before,
        row_number() over (
            partition by work_item_id, team_id, stage_id order by segment_number
        ) as holding_number
    from holders

),

judged as (

    select
        *,
        n_team_changes > n_team_changes_before
            and team_id <> from_team_id
            and team_id <> 'unassigned'
            and from_team_id <> 'unassigned' as has_new_team,
        coalesce(roles <> from_roles, false) as has_new_roles
    from passages
    where from_ended_at is not null
        and n_own_changes > n_own_changes_before

)

select
    work_item_id,
    cast(row_number() over (partition by work_item_id order by segment_number) as integer) as hand_off_sequence,
    level,
    work_type,
    from_value_stream_id,
    from_train_id,
    from_team_id,
    from_stage_id,
    case when not is_open then value_stream_id end as to_value_stream_id,
    case when not is_open then train_id end as to_train_id,
    case when not is_open then team_id end as to_team_id,
    case when not is_open then stage_id end as to_stage_id,
    case when is_open then stage_id else queue_before_id end as wait_stage_id,
    -- What was done meanwhile waited for nobody: it was handed on when it was opened again.
    greatest(from_ended_at, coalesce(last_reopened_at, from_ended_at)) as handed_at,
    case when not is_open then started_at end as taken_at,
    case
        when is_open then null
        when has_new_team and value_stream_id <> from_value_stream_id then 'value_stream'
        when has_new_team and train_id <> from_train_id then 'train'
        when has_new_team then 'team'
        when has_new_roles then 'role'
        else 'none'
    end as boundary,
    is_open,
    case when not is_open then holding_number > 1 end as is_return,
    case when not is_open and workflow_id = from_workflow_id then stage_position < from_stage_position end
        as is_backward,
    coalesce(last_reopened_at >= from_ended_at, false) as is_after_reopening
from judged
where is_open
    or has_new_team
    or (workflow_id = from_workflow_id and stage_id <> from_stage_id)
    or (workflow_id <> from_workflow_id and has_new_roles)
