{{ config(meta={'dagster': {'ref': {'name': 'mart_quality_signals'}}}) }}
-- Each defect is created, finished and cancelled at most once, in one week of one team.
with weeks as (

    select
        scope_type,
        sum(n_defects_created) as n_created,
        sum(n_defects_finished) as n_finished,
        sum(n_defects_cancelled) as n_cancelled
    from {{ ref('mart_quality_signals') }}
    where period_type = 'week'
    group by scope_type

),

defects as (

    select
        count(*) as n_created,
        count(case when is_finished then 1 end) as n_finished,
        count(case when is_cancelled then 1 end) as n_cancelled
    from {{ ref('fct_defects') }}

)

select
    weeks.*,
    defects.n_created as n_defects
from weeks
cross join defects
where coalesce(weeks.n_created, 0) <> defects.n_created
    or coalesce(weeks.n_finished, 0) <> defects.n_finished
    or coalesce(weeks.n_cancelled, 0) <> defects.n_cancelled
