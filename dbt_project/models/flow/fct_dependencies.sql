with links as (

    select *
    from {{ ref('int_work_item_links_resolved') }}
    where relation = 'blocked_by'

),

link_spells as (

    select * from {{ ref('int_link_spells_detected') }}

),

timelines as (

    select * from {{ ref('int_item_timelines_built') }}

),

memberships as (

    select * from {{ ref('int_item_memberships_mapped') }}

),

items as (

    select * from {{ ref('fct_work_items') }}

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

-- A link made when the predecessor was done, or to an item that had ended, made nobody wait.
waits as (

    select
        links.work_item_id as successor_id,
        links.linked_work_item_id as predecessor_id,
        links.link_number,
        links.link_type,
        links.linked_at,
        links.unlinked_at,
        link_spells.started_at as wait_started_at,
        link_spells.ended_at as wait_ended_at,
        coalesce(link_spells.ended_at, refresh.as_of) as waited_to_at
    from links
    left join link_spells
        on links.work_item_id = link_spells.work_item_id
        and links.linked_work_item_id = link_spells.linked_work_item_id
        and links.link_number = link_spells.link_number
    cross join refresh

),

-- Both sides are placed where they were on the day the wait ended, else at as_of.
sides as (

    select
        successor_id as work_item_id,
        waited_to_at
    from waits
    union
    select
        predecessor_id as work_item_id,
        waited_to_at
    from waits

),

side_events as (

    select
        sides.work_item_id,
        sides.waited_to_at,
        timelines.event_number
    from sides
    inner join timelines
        on sides.work_item_id = timelines.work_item_id
        and timelines.event_at <= sides.waited_to_at
        and (timelines.next_event_at is null or timelines.next_event_at > sides.waited_to_at)

),

placed as (

    select
        side_events.work_item_id,
        side_events.waited_to_at,
        items.source_id,
        memberships.team_id,
        memberships.train_id,
        memberships.value_stream_id,
        memberships.level,
        items.started_at,
        items.started_date,
        items.finished_at,
        items.cancelled_at,
        items.has_usable_history
    from side_events
    inner join memberships
        on side_events.work_item_id = memberships.work_item_id
        and side_events.event_number = memberships.event_number
    inner join items on side_events.work_item_id = items.work_item_id

),

joined as (

    select
        waits.*,
        successors.source_id,
        {%- for side in ['predecessor', 'successor'] %}
        {%- for column in [
            'team_id', 'train_id', 'value_stream_id', 'level', 'started_at', 'finished_at', 'cancelled_at'
        ] %}
        {{ side }}s.{{ column }} as {{ side }}_{{ column }},
        {%- endfor %}
        {%- endfor %}
        successors.started_date as successor_started_date,
        value_streams.timezone,
        -- Only who had waited for it has a gap after it: a link that was made later kept nobody.
        case
            when waits.wait_ended_at = predecessors.finished_at
                and predecessors.has_usable_history
                and successors.has_usable_history
                and successors.started_at > predecessors.finished_at
                then successors.started_at
        end as gap_ended_at,
        -- A team that no rule matched is not known: whether a boundary lies between cannot be told.
        predecessors.team_id <> 'unassigned' and successors.team_id <> 'unassigned' as has_both_teams
    from waits
    inner join placed as predecessors
        on waits.predecessor_id = predecessors.work_item_id
        and waits.waited_to_at = predecessors.waited_to_at
    inner join placed as successors
        on waits.successor_id = successors.work_item_id
        and waits.waited_to_at = successors.waited_to_at
    inner join value_streams on successors.value_stream_id = value_streams.value_stream_id

)

select
    successor_id || '#blocked_by#' || predecessor_id || '#' || cast(link_number as varchar) as dependency_id,
    source_id,
    predecessor_id as predecessor_work_item_id,
    successor_id as successor_work_item_id,
    link_type,
    linked_at,
    unlinked_at,
    predecessor_value_stream_id,
    predecessor_train_id,
    predecessor_team_id,
    predecessor_level,
    predecessor_started_at,
    predecessor_finished_at,
    predecessor_cancelled_at,
    successor_value_stream_id,
    successor_train_id,
    successor_team_id,
    successor_level,
    successor_started_at,
    successor_finished_at,
    successor_cancelled_at,
    case when has_both_teams then predecessor_team_id <> successor_team_id end as is_cross_team,
    case when has_both_teams then predecessor_train_id <> successor_train_id end as is_cross_train,
    case when has_both_teams then predecessor_value_stream_id <> successor_value_stream_id end
        as is_cross_value_stream,
    wait_started_at,
    wait_ended_at,
    {{ local_date('wait_ended_at', 'timezone') }} as wait_ended_date,
    wait_started_at is not null and wait_ended_at is null as is_open,
    coalesce({{ elapsed_days('wait_started_at', 'waited_to_at') }}, 0) as blocked_elapsed_days,
    case
        when wait_started_at is null or successor_started_at is null then 0
        else coalesce({{ elapsed_days('greatest(wait_started_at, successor_started_at)', 'waited_to_at') }}, 0)
    end as blocked_in_progress_elapsed_days,
    {{ elapsed_days('predecessor_finished_at', 'gap_ended_at') }} as start_gap_elapsed_days,
    case when gap_ended_at is not null then successor_started_date end as start_gap_ended_date
from joined
