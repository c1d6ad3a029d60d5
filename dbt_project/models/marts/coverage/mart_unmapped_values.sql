with visits as (

    select * from {{ ref('fct_stage_visits') }}

),

items as (

    select * from {{ ref('fct_work_items') }}

)

select
    visits.source_id,
    'status' as value_kind,
    visits.status_at_entry as value,
    stages.stage_name as fallback,
    cast(count(distinct visits.work_item_id) as integer) as n_items,
    min(items.item_key) as example_item_key
from visits
inner join {{ ref('dim_stages') }} as stages on visits.stage_id = stages.stage_id
inner join items on visits.work_item_id = items.work_item_id
where stages.is_unmapped
group by visits.source_id, visits.status_at_entry, stages.stage_name

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
    regexp_replace(item_key, '-[0-9]+$', '') as value,
    'Unassigned' as fallback,
    cast(count(*) as integer) as n_items,
    min(item_key) as example_item_key
from items
where is_counted
    and team_id = 'unassigned'
group by source_id, regexp_replace(item_key, '-[0-9]+$', '')
