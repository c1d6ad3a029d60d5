{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched('quality.touched_with_links') }}"
) }}
-- One row per passage of an item from those who worked on it to the next ones: from one span in an active stage to the
-- next active span, where the stage or the team changed. What lies between, in queues, is the wait. An item that sits
-- in a queue today, in front of a stage where someone would take it up, has been handed on and not been taken.
--
-- A mapping that begins to hold moves items without anything happening to them: a reorganisation or a changed workflow
-- is no hand-off. So a passage needs a change of the item's own, and its team changed only where that change was the
-- item's. A team that no rule matched is not known, so nothing is handed to it or from it. Stages of two workflows (an
-- item of another type since) are compared by their roles.
with segments as (

    select *
    from {{ ref('int_stage_segments_folded') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_links') }}

),

stages as (

    select * from {{ ref('stg_portfolio__stages') }}

),

teams as (

    select * from {{ ref('stg_portfolio__teams') }}

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

remaps as (

    select
        segments.work_item_id,
        segments.segment_number
    from segments
    inner join boundaries on segments.started_at = boundaries.boundary_at
    left join own_moves
        on segments.work_item_id = own_moves.work_item_id
        and segments.started_at = own_moves.boundary_at
    where own_moves.work_item_id is null
        and segments.segment_number > 1

),

remapped_items as (

    select distinct work_item_id from remaps

),

-- Only the few items that a mapping moved need their own changes counted.
remapped as (

    select
        segments.work_item_id,
        segments.segment_number,
        case when remaps.work_item_id is null then 1 else 0 end as is_own_change,
        case
            when segments.team_id <> lag(segments.team_id) over (
                partition by segments.work_item_id order by segments.segment_number
            ) then 1
            else 0
        end as is_other_team
    from segments
    inner join remapped_items on segments.work_item_id = remapped_items.work_item_id
    left join remaps
        on segments.work_item_id = remaps.work_item_id
        and segments.segment_number = remaps.segment_number

),

own_changes as (

    select
        work_item_id,
        segment_number,
        sum(is_own_change) over (
            partition by work_item_id order by segment_number rows between unbounded preceding and current row
        ) as n_own_changes,
        sum(is_own_change * is_other_team) over (
            partition by work_item_id order by segment_number rows between unbounded preceding and current row
        ) as n_team_changes
    from remapped

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

waiting_stages as (

    select stages.stage_id
    from stages
    left join last_active_stages on stages.workflow_id = last_active_stages.workflow_id
    where stages.stage_kind = 'queue'
        and (stages.is_unmapped or (stages.is_counted and stages.position < last_active_stages.position))

),

holders as (

    select
        segments.work_item_id,
        segments.segment_number,
        segments.level,
        segments.work_type,
        segments.team_id,
        segments.stage_id,
        segments.started_at,
        segments.ended_at,
        waiting_stages.stage_id is not null as is_open
    from segments
    left join waiting_stages
        on segments.stage_id = waiting_stages.stage_id
        and segments.ended_at is null
    where segments.stage_kind = 'active'
        or waiting_stages.stage_id is not null

),

passages as (

    select
        *,
        lag(segment_number) over (partition by work_item_id order by segment_number) as from_segment_number,
        lag(team_id) over (partition by work_item_id order by segment_number) as from_team_id,
        lag(stage_id) over (partition by work_item_id order by segment_number) as from_stage_id,
        lag(ended_at) over (partition by work_item_id order by segment_number) as from_ended_at
    from holders

),

-- Of every two that follow each other only those between whom stage or team differ, and who can be open.
changed as (

    select *
    from passages
    where from_team_id is not null
        and (is_open or team_id <> from_team_id or stage_id <> from_stage_id)

),

-- Who held the item in which stage first: what is taken by the same ones later comes back.
first_holdings as (

    select
        holders.work_item_id,
        holders.team_id,
        holders.stage_id,
        min(holders.segment_number) as segment_number
    from holders
    group by holders.work_item_id, holders.team_id, holders.stage_id

),

reopened as (

    select
        changed.work_item_id,
        changed.segment_number,
        max(segments.ended_at) as reopened_at
    from changed
    inner join segments
        on changed.work_item_id = segments.work_item_id
        and changed.segment_number > segments.segment_number
        and changed.from_segment_number < segments.segment_number
    where segments.stage_kind = 'done'
        and segments.ended_at is not null
    group by changed.work_item_id, changed.segment_number

),

judged as (

    select
        changed.*,
        reopened.reopened_at,
        from_teams.value_stream_id as from_value_stream_id,
        from_teams.train_id as from_train_id,
        to_teams.value_stream_id,
        to_teams.train_id,
        to_stages.workflow_id = from_stages.workflow_id as is_in_one_workflow,
        to_stages.position < from_stages.position as is_before,
        first_holdings.segment_number < changed.segment_number as is_return,
        changed.team_id <> changed.from_team_id
        and changed.team_id <> 'unassigned'
        and changed.from_team_id <> 'unassigned'
        and (to_changes.work_item_id is null or to_changes.n_team_changes > from_changes.n_team_changes)
            as has_new_team,
        coalesce(to_stages.roles <> from_stages.roles, false) as has_new_roles
    from changed
    inner join stages as from_stages on changed.from_stage_id = from_stages.stage_id
    inner join stages as to_stages on changed.stage_id = to_stages.stage_id
    inner join teams as from_teams on changed.from_team_id = from_teams.team_id
    inner join teams as to_teams on changed.team_id = to_teams.team_id
    inner join first_holdings
        on changed.work_item_id = first_holdings.work_item_id
        and changed.team_id = first_holdings.team_id
        and changed.stage_id = first_holdings.stage_id
    left join reopened
        on changed.work_item_id = reopened.work_item_id
        and changed.segment_number = reopened.segment_number
    left join own_changes as from_changes
        on changed.work_item_id = from_changes.work_item_id
        and changed.from_segment_number = from_changes.segment_number
    left join own_changes as to_changes
        on changed.work_item_id = to_changes.work_item_id
        and changed.segment_number = to_changes.segment_number
    where to_changes.work_item_id is null
        or to_changes.n_own_changes > from_changes.n_own_changes

)

select
    work_item_id,
    segment_number,
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
    case when is_open then stage_id end as waits_in_stage_id,
    -- What was done meanwhile waited for nobody: it was handed on when it was opened again.
    coalesce(reopened_at, from_ended_at) as handed_at,
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
    case when not is_open then is_return end as is_return,
    case when not is_open and is_in_one_workflow then is_before end as is_backward,
    reopened_at is not null as is_after_reopening
from judged
where is_open
    or has_new_team
    or (is_in_one_workflow and from_stage_id <> stage_id)
    or (not is_in_one_workflow and has_new_roles)
