-- One row per item that has or had counted children: how far they are. Its children are the counted items that count
-- under it (int_item_parents_resolved); one removed from its tool before it ended is none.
--
-- Work on the children begins when the first of them is started, or is given to this parent already started; a child
-- that has been given to another parent since counts too. It ends with the last child's finish, once none is open.
with spells as (

    select * from {{ ref('int_parent_spells_detected') }}

),

parents as (

    select * from {{ ref('int_item_parents_resolved') }}

),

clocks as (

    select * from {{ ref('int_item_clocks_computed') }}

),

items as (

    select * from {{ ref('int_items_unioned') }}

),

histories as (

    select
        work_item_id,
        not is_history_truncated and not is_history_broken as has_usable_history
    from {{ ref('int_item_histories_assessed') }}

),

begun as (

    select
        spells.parent_work_item_id,
        spells.work_item_id,
        min(greatest(clocks.started_at, spells.started_at)) as started_at
    from spells
    inner join clocks on spells.work_item_id = clocks.work_item_id
    inner join items on spells.work_item_id = items.work_item_id
    where clocks.started_at is not null
        and (spells.ended_at is null or clocks.started_at < spells.ended_at)
        -- One that ended before it came began under another parent, or under none.
        and (clocks.ended_at is null or clocks.ended_at >= spells.started_at)
        and (items.removed_at is null or items.removed_at >= spells.started_at)
    group by spells.parent_work_item_id, spells.work_item_id

),

children as (

    select
        parents.parent_work_item_id,
        parents.work_item_id,
        clocks.ended_at,
        case
            when clocks.ended_at is null then 'open'
            when clocks.is_cancelled then 'cancelled'
            else 'finished'
        end as child_state
    from parents
    inner join clocks on parents.work_item_id = clocks.work_item_id
    inner join items on parents.work_item_id = items.work_item_id
    where items.removed_at is null
        or clocks.ended_at is not null

),

told as (

    select
        coalesce(children.parent_work_item_id, begun.parent_work_item_id) as parent_work_item_id,
        coalesce(children.work_item_id, begun.work_item_id) as work_item_id,
        children.child_state,
        children.ended_at,
        begun.started_at
    from children
    full outer join begun
        on children.parent_work_item_id = begun.parent_work_item_id
        and children.work_item_id = begun.work_item_id

),

summed as (

    select
        told.parent_work_item_id,
        cast(count(told.child_state) as integer) as n_children,
        cast(count(case when told.child_state = 'finished' then 1 end) as integer) as n_children_finished,
        cast(count(case when told.child_state = 'cancelled' then 1 end) as integer) as n_children_cancelled,
        min(told.started_at) as children_started_at,
        max(case when told.child_state = 'finished' then told.ended_at end) as last_finished_at,
        min(case when histories.has_usable_history then 1 else 0 end) as are_usable
    from told
    inner join histories on told.work_item_id = histories.work_item_id
    group by told.parent_work_item_id

)

select
    parent_work_item_id as work_item_id,
    n_children,
    n_children_finished,
    n_children_cancelled,
    children_started_at,
    case when n_children = n_children_finished + n_children_cancelled then last_finished_at end
        as children_finished_at,
    are_usable = 1 as has_usable_histories
from summed
