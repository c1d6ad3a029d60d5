{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched('quality.touched_with_links') }}"
) }}
-- One row per item, kind and spell of being blocked: by flag, by a blocked status, by a blocked label, by a link to
-- another item. A spell runs on through whatever stage it crosses and ends with the item's life at the latest: when it
-- was finished, cancelled or removed from its tool.
with timelines as (

    select
        timelines.*,
        memberships.workflow_id,
        memberships.team_id,
        memberships.value_stream_id,
        memberships.level
    from {{ ref('int_item_timelines_built') }} as timelines
    inner join {{ ref('int_item_memberships_mapped') }} as memberships
        on timelines.work_item_id = memberships.work_item_id
        and timelines.event_number = memberships.event_number
    where {{ is_touched('timelines.work_item_id', 'quality.touched_with_links') }}

),

-- Each row of an item's timeline bears the same removal.
lives as (

    select
        clocks.work_item_id,
        least(clocks.ended_at, max(timelines.removed_at)) as ended_at
    from {{ ref('int_item_clocks_computed') }} as clocks
    inner join timelines on clocks.work_item_id = timelines.work_item_id
    group by clocks.work_item_id, clocks.ended_at

),

rules as (

    select * from {{ ref('stg_portfolio__blocked_rules') }}

),

marked as (

    select
        timelines.*,
        'flag' as blocked_kind,
        timelines.flag_value as mark
    from timelines
    where timelines.flag_value is not null

    union all

    select
        timelines.*,
        'status' as blocked_kind,
        timelines.status as mark
    from timelines
    inner join rules
        on timelines.workflow_id = rules.workflow_id
        and rules.blocked_kind = 'status'
        and lower(trim(timelines.status)) = lower(trim(rules.blocked_value))

    union all

    select
        timelines.*,
        'label' as blocked_kind,
        rules.blocked_value as mark
    from timelines
    inner join rules
        on timelines.workflow_id = rules.workflow_id
        and rules.blocked_kind = 'label'
        and contains(chr(10) || timelines.labels || chr(10), chr(10) || rules.blocked_value || chr(10))

),

-- Consecutive events of an item that are marked alike are one spell.
numbered as (

    select
        *,
        event_number - row_number() over (
            partition by work_item_id, blocked_kind, mark order by event_number
        ) as spell
    from marked

),

reasoned as (

    select
        *,
        -- The reason is often written a moment after the flag, over what the spell before has left in its field: the
        -- last one of the spell counts.
        {{ first_known('blocked_reason',
            'partition by work_item_id, blocked_kind, mark, spell order by event_number desc') }} as last_reason
    from numbered

),

spells as (

    select
        work_item_id,
        source_id,
        blocked_kind,
        mark,
        spell,
        max(last_reason) as blocked_reason,
        min(event_at) as started_at,
        case when count(next_event_at) = count(*) then max(next_event_at) end as ended_at,
        min(event_number) as first_event_number
    from reasoned
    group by work_item_id, source_id, blocked_kind, mark, spell

),

described as (

    select
        spells.work_item_id,
        spells.source_id,
        spells.blocked_kind,
        -- Jira's flag says only "Impediment"; a reason field of the tool says why.
        coalesce(
            spells.blocked_reason,
            case when lower(spells.mark) <> 'impediment' then spells.mark end
        ) as reason,
        spells.started_at,
        spells.ended_at,
        timelines.team_id,
        timelines.value_stream_id,
        timelines.level
    from spells
    inner join timelines
        on spells.work_item_id = timelines.work_item_id
        and spells.first_event_number = timelines.event_number

    union all

    select
        link_spells.work_item_id,
        link_spells.source_id,
        link_spells.blocked_kind,
        link_spells.reason,
        link_spells.started_at,
        link_spells.ended_at,
        timelines.team_id,
        timelines.value_stream_id,
        timelines.level
    from {{ ref('int_link_spells_detected') }} as link_spells
    inner join timelines
        on link_spells.work_item_id = timelines.work_item_id
        and link_spells.started_at >= timelines.event_at
        and (timelines.next_event_at is null or link_spells.started_at < timelines.next_event_at)

)

select
    described.work_item_id,
    described.source_id,
    described.blocked_kind,
    described.reason,
    described.team_id,
    described.value_stream_id,
    described.level,
    described.started_at,
    case
        when lives.ended_at is not null then least(coalesce(described.ended_at, lives.ended_at), lives.ended_at)
        else described.ended_at
    end as ended_at
from described
inner join lives on described.work_item_id = lives.work_item_id
where lives.ended_at is null
    or described.started_at < lives.ended_at
