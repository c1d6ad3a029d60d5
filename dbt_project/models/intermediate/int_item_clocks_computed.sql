{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched('quality.touched_with_links') }}"
) }}
-- One row per counted item: the instants from which every duration follows (metrics.md, "The clocks of one item").
with visits as (

    select *
    from {{ ref('int_stage_visits_folded') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_links') }}

),

commitments as (

    -- The commitment stage, or where none is marked the first active one.
    select
        workflow_id,
        coalesce(
            min(case when is_commitment then position end),
            min(case when stage_kind = 'active' and not is_unmapped then position end)
        ) as commitment_position
    from {{ ref('stg_portfolio__stages') }}
    group by workflow_id

),

placed as (

    select
        visits.*,
        visits.stage_kind <> 'done'
        -- What waits in a status that nobody mapped is not started, also where the commitment is the first stage.
        and not (coalesce(visits.is_unmapped_stage, false) and visits.stage_kind = 'queue')
        and visits.stage_position >= commitments.commitment_position as is_committed_visit,
        visits.stage_kind <> 'done'
        and not coalesce(visits.is_unmapped_stage, false)
        and visits.stage_position < commitments.commitment_position as is_before_commitment
    from visits
    inner join commitments on visits.workflow_id = commitments.workflow_id

),

last_returns as (

    select
        work_item_id,
        max(case when is_before_commitment then visit_sequence else 0 end) as last_return_sequence
    from placed
    group by work_item_id

)

select
    placed.work_item_id,
    min(placed.entered_at) as life_started_at,
    min(case
        when placed.is_counted_stage and placed.stage_kind <> 'done' then placed.entered_at
    end) as flow_started_at,
    min(case when placed.is_committed_visit then placed.entered_at end) as started_at,
    min(case
        when placed.is_committed_visit and placed.visit_sequence > last_returns.last_return_sequence
            then placed.entered_at
    end) as restarted_at,
    min(case when placed.is_end then placed.entered_at end) as ended_at,
    max(case when placed.is_after_end then placed.visit_sequence end) as last_end_sequence,
    max(case when placed.is_after_end and placed.left_at is null then placed.is_cancelled_stage end) as is_cancelled,
    cast(count(case when placed.is_reopening then 1 end) as integer) as n_reopenings,
    cast(count(case when placed.is_backward then 1 end) as integer) as n_backward_moves,
    cast(sum(placed.n_stages_skipped) as integer) as n_stages_skipped,
    max(placed.visit_sequence) as n_visits
from placed
inner join last_returns on placed.work_item_id = last_returns.work_item_id
group by placed.work_item_id
