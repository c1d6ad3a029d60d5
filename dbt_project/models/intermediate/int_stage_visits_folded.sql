{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched('quality.touched_with_links') }}"
) }}
-- One row per item and maximal span in one stage, with what the span is in the item's life. Team and level are those
-- at entry. `left_at` is when the item truly left (NULL: it is there still, also in a done stage); one removed from its
-- tool leaves for nowhere.
--
-- furthest_position_before is the furthest stage reached before this visit: a visit beyond it passes over the stages
-- between, a visit that follows a move backward is rework up to it. Places are compared within one workflow only. To
-- cancel is not to progress, and a status that nobody mapped stands nowhere in the workflow unless the tool calls it
-- done: an item goes on from where it was before.
with events as (

    select *
    from {{ ref('int_item_stages_mapped') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_links') }}

),

stages as (

    select * from {{ ref('stg_portfolio__stages') }}

),

{% set where_it_stood = [
    'source_id', 'status', 'value_stream_id', 'train_id', 'team_id', 'level', 'work_type', 'workflow_id', 'stage_id',
    'stage_kind', 'stage_position', 'is_counted_stage', 'is_cancelled_stage', 'is_unmapped_stage',
] %}
combinations as (
    {{ numbered_combinations('events', where_it_stood, 'placement_number') }}
),

placements as (

    select
        *,
        dense_rank() over (order by stage_id) as stage_number,
        dense_rank() over (order by workflow_id) as workflow_number,
        stage_kind <> 'done' as is_open_stage,
        case
            when is_cancelled_stage or (coalesce(is_unmapped_stage, false) and stage_kind <> 'done') then null
            else stage_position
        end as reach_position
    from combinations

),

numbered as (

    select
        events.work_item_id,
        events.event_number,
        events.event_at,
        events.removed_at,
        placements.placement_number,
        placements.stage_number,
        placements.workflow_number,
        placements.is_open_stage,
        placements.reach_position
    from events
    inner join placements on {{ is_same_combination('events', 'placements', where_it_stood) }}

),

compared as (

    select
        *,
        lag(stage_number) over (partition by work_item_id order by event_number) as previous_stage_number
    from numbered

),

placed as (

    select *
    from compared
    where previous_stage_number is null
        or previous_stage_number <> stage_number

),

{% set life = 'partition by work_item_id order by event_number' %}
{% set workflow_before =
    'partition by work_item_id, workflow_number order by event_number rows between unbounded preceding and 1 preceding'
%}
sequenced as (

    select
        work_item_id,
        event_number,
        event_at,
        removed_at,
        placement_number,
        is_open_stage,
        reach_position,
        row_number() over ({{ life }}) as visit_sequence,
        row_number() over (partition by work_item_id, stage_number order by event_number) as visit_number,
        lead(event_at) over ({{ life }}) as next_event_at,
        lead(placement_number) over ({{ life }}) as next_placement_number,
        lag(event_number) over ({{ life }}) as previous_event_number,
        lag(is_open_stage) over ({{ life }}) as is_previous_open,
        max(case when is_open_stage then event_number end)
            over ({{ life }} rows between unbounded preceding and unbounded following) as last_open_event_number,
        {{ last_known_before('reach_position', workflow_before) }} as previous_position,
        max(reach_position) over ({{ workflow_before }}) as furthest_position_before
    from placed

),

entries as (

    select
        sequenced.work_item_id,
        placements.source_id,
        cast(sequenced.visit_sequence as integer) as visit_sequence,
        cast(sequenced.visit_number as integer) as visit_number,
        sequenced.event_at as entered_at,
        coalesce(
            sequenced.next_event_at,
            case
                when sequenced.is_open_stage and sequenced.removed_at is not null
                    then greatest(sequenced.event_at, sequenced.removed_at)
            end
        ) as left_at,
        sequenced.removed_at,
        placements.status as status_at_entry,
        placements.value_stream_id,
        placements.train_id,
        placements.team_id,
        placements.level,
        placements.work_type,
        placements.workflow_id,
        placements.stage_id,
        placements.stage_kind,
        placements.stage_position,
        placements.reach_position,
        placements.is_counted_stage,
        placements.is_cancelled_stage,
        placements.is_unmapped_stage,
        next_placements.stage_id as next_stage_id,
        next_placements.workflow_id as next_workflow_id,
        next_placements.reach_position as next_reach_position,
        sequenced.previous_position,
        sequenced.furthest_position_before,
        -- Everything after the last open stage is the item's end; only its first visit is the moment of finishing.
        sequenced.event_number > coalesce(sequenced.last_open_event_number, 0) as is_after_end,
        coalesce(sequenced.previous_event_number, 0) = coalesce(sequenced.last_open_event_number, 0) as is_end,
        coalesce(not sequenced.is_previous_open and sequenced.is_open_stage, false) as is_reopening
    from sequenced
    inner join placements on sequenced.placement_number = placements.placement_number
    left join placements as next_placements
        on sequenced.next_placement_number = next_placements.placement_number

),

-- Stages that an adopter declared, by place: what a visit can pass over.
declared as (

    select
        workflow_id,
        position
    from stages
    where not is_cancelled
        and not is_unmapped

),

skips as (

    select
        entries.work_item_id,
        entries.visit_sequence,
        cast(count(*) as integer) as n_stages_skipped
    from entries
    inner join declared
        on entries.workflow_id = declared.workflow_id
        and declared.position > entries.furthest_position_before
        and declared.position < entries.reach_position
    group by entries.work_item_id, entries.visit_sequence

)

select
    entries.*,
    coalesce(entries.reach_position < entries.previous_position, false) as is_backward,
    coalesce(
        entries.next_workflow_id = entries.workflow_id
        and entries.next_reach_position < coalesce(entries.reach_position, entries.previous_position),
        false
    ) as is_left_backward,
    coalesce(
        entries.reach_position < entries.furthest_position_before
        or (
            entries.reach_position = entries.furthest_position_before
            and entries.previous_position < entries.furthest_position_before
        ),
        false
    ) as is_rework,
    coalesce(skips.n_stages_skipped, 0) as n_stages_skipped
from entries
left join skips
    on entries.work_item_id = skips.work_item_id
    and entries.visit_sequence = skips.visit_sequence
