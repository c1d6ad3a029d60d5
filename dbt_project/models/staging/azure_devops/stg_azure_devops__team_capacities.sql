-- Planned hours a day of a team in an iteration, by activity, and the days off of those who do it; nobody is named.
with newest as (

    select
        *,
        dense_rank() over (
            partition by source_id, iteration_id, team_id order by exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_azure_devops', 'capacities') }}

)

select
    source_id,
    iteration_id,
    team_id,
    activity,
    count(distinct member_number) as n_members,
    sum(hours_per_day) as hours_per_day,
    sum(n_days_off) as n_days_off
from newest
where recency = 1
group by source_id, iteration_id, team_id, activity
