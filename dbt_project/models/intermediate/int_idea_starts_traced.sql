-- One row per item that has a parent at its end (else at as_of): where the idea that it is part of began. The walk goes
-- up the parents that were in force on that one day, to an item without a parent. It stops before an item that it has
-- passed already, and after seven steps: story, feature, capability and epic with sub-tasks below need four.
--
-- An idea begins with its topmost item; of an item that is older than that it begins with the item itself.
{% set n_steps = 7 %}
with spells as (

    select * from {{ ref('int_parent_spells_detected') }}

),

-- The first event of a timeline is its item's birth, also of an item that no workflow counts.
births as (

    select
        work_item_id,
        event_at as born_at
    from {{ ref('int_item_timelines_built') }}
    where event_number = 1

),

clocks as (

    select * from {{ ref('int_item_clocks_computed') }}

),

step_1 as (

    select
        spells.work_item_id,
        clocks.ended_at,
        spells.parent_work_item_id as ancestor_1
    from spells
    left join clocks on spells.work_item_id = clocks.work_item_id
    where {{ is_in_force('spells', 'clocks.ended_at') }}
        and spells.parent_work_item_id <> spells.work_item_id

),

{% for step in range(2, n_steps + 1) %}
step_{{ step }} as (

    select
        below.*,
        spells.parent_work_item_id as ancestor_{{ step }}
    from step_{{ step - 1 }} as below
    inner join spells
        on below.ancestor_{{ step - 1 }} = spells.work_item_id
        and {{ is_in_force('spells', 'below.ended_at') }}
        and spells.parent_work_item_id <> below.work_item_id
        {% for passed in range(1, step) -%}
        and spells.parent_work_item_id <> below.ancestor_{{ passed }}
        {% endfor %}

),

{% endfor %}
walked as (

    {% for step in range(1, n_steps + 1) -%}
    select
        work_item_id,
        {{ step }} as n_steps,
        ancestor_{{ step }} as ancestor_id
    from step_{{ step }}
    {%- if not loop.last %}

    union all

    {% endif %}
    {%- endfor %}

),

ranked as (

    select
        *,
        row_number() over (partition by work_item_id order by n_steps desc, ancestor_id) as descent
    from walked

)

select
    ranked.work_item_id,
    ranked.ancestor_id as topmost_work_item_id,
    least(own_births.born_at, ancestor_births.born_at) as idea_started_at
from ranked
inner join births as own_births on ranked.work_item_id = own_births.work_item_id
inner join births as ancestor_births on ranked.ancestor_id = ancestor_births.work_item_id
where ranked.descent = 1
