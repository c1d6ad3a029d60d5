-- Which defects escaped to users and which touch safety is told by the portfolio's rules, from what an item is as of
-- as_of: the label that says so is often put on long after the creation.
with items as (

    select * from {{ ref('fct_work_items') }} where is_counted and work_type = 'defect'

),

rules as (

    select * from {{ ref('stg_portfolio__quality_rules') }}

),

signals as (

    select
        count(case when signal = 'escaped_defects' then 1 end) > 0 as has_escaped_rule,
        count(case when signal = 'safety_defects' then 1 end) > 0 as has_safety_rule
    from rules

),

matches as (

    select
        items.work_item_id,
        max(case when rules.signal = 'escaped_defects' then 1 else 0 end) as n_escaped,
        max(case when rules.signal = 'safety_defects' then 1 else 0 end) as n_safety
    from items
    inner join {{ ref('int_item_timelines_built') }} as timelines
        on items.work_item_id = timelines.work_item_id
        and timelines.next_event_at is null
    inner join rules
        on (rules.source_id is null or rules.source_id = items.source_id)
        and (rules.project is null or rules.project = timelines.project)
        and (rules.item_type is null or lower(rules.item_type) = lower(timelines.item_type))
        and (
            rules.label is null
            or contains(chr(10) || timelines.labels || chr(10), chr(10) || rules.label || chr(10))
        )
    group by items.work_item_id

)

select
    items.work_item_id,
    items.source_id,
    items.level,
    items.team_id,
    items.train_id,
    items.value_stream_id,
    items.created_date,
    items.finished_date,
    items.cancelled_date,
    items.is_finished,
    items.is_cancelled,
    case when signals.has_escaped_rule then coalesce(matches.n_escaped, 0) = 1 end as is_escaped,
    case when signals.has_safety_rule then coalesce(matches.n_safety, 0) = 1 end as is_safety
from items
cross join signals
left join matches on items.work_item_id = matches.work_item_id
