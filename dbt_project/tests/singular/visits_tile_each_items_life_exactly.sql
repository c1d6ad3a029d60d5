{{ config(meta={'dagster': {'ref': {'name': 'fct_stage_visits'}}}) }}
-- From birth to finish (or as_of) without gap or overlap: each visit begins where the one before ended, the first at
-- the item's birth, and the lengths add up to the age. A second of doubt would make every time in stage doubtful.
with visits as (

    select
        *,
        lag(exited_at) over (partition by work_item_id order by visit_sequence) as previous_exit
    from {{ ref('fct_stage_visits') }}

),

joints as (

    select
        work_item_id,
        'visit ' || cast(visit_sequence as varchar) || ' does not begin where the one before ended' as problem
    from visits
    where visit_sequence > 1
        and not is_after_end
        and entered_at is distinct from previous_exit

),

ages as (

    select
        items.work_item_id,
        'the visits do not add up to the age' as problem
    from {{ ref('fct_work_items') }} as items
    inner join (
        select
            work_item_id,
            sum(elapsed_days) as elapsed_days,
            min(entered_at) as born_at
        from visits
        group by work_item_id
    ) as sums on items.work_item_id = sums.work_item_id
    cross join (select max(as_of) as as_of from {{ ref('dim_sources') }}) as sources
    where sums.born_at <> items.life_started_at
        or abs(
            sums.elapsed_days
            - {{ seconds_between('items.life_started_at',
                'coalesce(items.finished_at, items.cancelled_at, items.removed_at, sources.as_of)') }} / 86400.0
        ) > 0.000001

),

lost as (

    select
        items.work_item_id,
        'a counted item has no visit' as problem
    from {{ ref('fct_work_items') }} as items
    left join visits on items.work_item_id = visits.work_item_id
    where items.is_counted
        and visits.work_item_id is null

)

select * from joints
union all
select * from ages
union all
select * from lost
