with statuses as (

    select * from {{ ref('fct_unmapped_statuses') }}

),

items as (

    select * from {{ ref('fct_work_items') }}

)

select
    statuses.source_id,
    'status' as value_kind,
    statuses.status as value,
    stages.stage_name as fallback,
    cast(sum(statuses.n_items) as integer) as n_items,
    min(statuses.example_item_key) as example_item_key
from statuses
inner join {{ ref('dim_stages') }} as stages on statuses.stage_id = stages.stage_id
group by statuses.source_id, statuses.status, stages.stage_name

union all

select
    source_id,
    'type' as value_kind,
    coalesce(item_type, 'none') as value,
    'left out of flow metrics' as fallback,
    cast(count(*) as integer) as n_items,
    min(item_key) as example_item_key
from items
where level is null
    and not is_subtask
group by source_id, coalesce(item_type, 'none')

union all

select
    source_id,
    'workflow' as value_kind,
    level || ' in ' || value_stream_id as value,
    'left out of flow metrics' as fallback,
    cast(count(*) as integer) as n_items,
    min(item_key) as example_item_key
from items
where level is not null
    and not is_counted
group by source_id, level || ' in ' || value_stream_id

union all

select
    source_id,
    'membership' as value_kind,
    coalesce(project, 'none') as value,
    'Unassigned' as fallback,
    cast(count(*) as integer) as n_items,
    min(item_key) as example_item_key
from items
where is_counted
    and team_id = 'unassigned'
group by source_id, coalesce(project, 'none')
