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

compared as (

    select
        *,
        lag(stage_id) over (partition by work_item_id order by event_number) as previous_stage_id
    from events

),

placed as (

    select
        *,
        case
            when is_cancelled_stage or (coalesce(is_unmapped_stage, false) and stage_kind <> 'done') then null
            else stage_position
        end as reach_position
    from compared
    where previous_stage_id is null
        or previous_stage_id <> stage_id

),

{% set life = 'partition by work_item_id order by event_number' %}
{% set workflow_before =
    'partition by work_item_id, workflow_id order by event_number rows between unbounded preceding and 1 preceding' %}
entries as (

    select
        work_item_id,
        source_id,
        cast(row_number() over ({{ life }}) as integer) as visit_sequence,
        cast(row_number() over (partition by work_item_id, stage_id order by event_number) as integer) as visit_number,
        event_at as entered_at,
        coalesce(
            lead(event_at) over ({{ life }}),
            case when stage_kind <> 'done' and removed_at is not null then greatest(event_at, removed_at) end
        ) as left_at,
        removed_at,
        status as status_at_entry,
        value_stream_id,
        train_id,
        team_id,
        level,
        work_type,
        workflow_id,
        stage_id,
        stage_kind,
        stage_position,
        reach_position,
        is_counted_stage,
        is_cancelled_stage,
        is_unmapped_stage,
        lead(stage_id) over ({{ life }}) as next_stage_id,
        lead(workflow_id) over ({{ life }}) as next_workflow_id,
        lead(reach_position) over ({{ life }}) as next_reach_position,
        lag(stage_kind) over ({{ life }}) as previous_kind,
        {{ last_known_before('reach_position', workflow_before) }} as previous_position,
        max(reach_position) over ({{ workflow_before }}) as furthest_position_before
    from placed

),

last_open as (

    select
        work_item_id,
        max(case when stage_kind <> 'done' then visit_sequence else 0 end) as last_open_sequence
    from entries
    group by work_item_id

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
    -- Everything after the last open stage is the item's end; only its first visit is the moment of finishing.
    entries.visit_sequence > last_open.last_open_sequence as is_after_end,
    entries.visit_sequence = last_open.last_open_sequence + 1 as is_end,
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
    coalesce(entries.previous_kind = 'done' and entries.stage_kind <> 'done', false) as is_reopening,
    coalesce(skips.n_stages_skipped, 0) as n_stages_skipped
from entries
inner join last_open on entries.work_item_id = last_open.work_item_id
left join skips
    on entries.work_item_id = skips.work_item_id
    and entries.visit_sequence = skips.visit_sequence
