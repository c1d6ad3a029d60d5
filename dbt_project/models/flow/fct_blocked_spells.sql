with spells as (

    select * from {{ ref('int_blocked_spells_detected') }}

),

visits as (

    select * from {{ ref('int_stage_visits_folded') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

-- The visit the item was in when the spell opened; of visits entered in the same instant the last one.
opening_visits as (

    select
        spells.work_item_id,
        spells.blocked_kind,
        spells.started_at,
        max(visits.visit_sequence) as visit_sequence
    from spells
    inner join visits
        on spells.work_item_id = visits.work_item_id
        and visits.entered_at <= spells.started_at
    group by spells.work_item_id, spells.blocked_kind, spells.started_at

)

select
    spells.work_item_id || '#' || spells.blocked_kind || '#' || cast(
        row_number() over (
            partition by spells.work_item_id, spells.blocked_kind order by spells.started_at, spells.reason
        ) as varchar
    ) as blocked_spell_id,
    spells.work_item_id,
    spells.source_id,
    spells.value_stream_id,
    spells.team_id,
    spells.level,
    spells.blocked_kind,
    spells.reason,
    visits.stage_id as stage_id_at_start,
    spells.started_at,
    spells.ended_at,
    spells.ended_at is null as is_open,
    {{ elapsed_days('spells.started_at', 'coalesce(spells.ended_at, refresh.as_of)') }} as elapsed_days
from spells
cross join refresh
left join opening_visits
    on spells.work_item_id = opening_visits.work_item_id
    and spells.blocked_kind = opening_visits.blocked_kind
    and spells.started_at = opening_visits.started_at
left join visits
    on opening_visits.work_item_id = visits.work_item_id
    and opening_visits.visit_sequence = visits.visit_sequence
