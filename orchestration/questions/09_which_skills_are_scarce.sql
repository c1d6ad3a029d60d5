-- Which skills are scarce, and which are there in excess?
-- The last complete week with the three before it. Above 0.85 a queue grows quickly; balance is the number of people
-- beyond what the work asked for, negative where they are missing.
-- Empty: registers/ holds no capacity, or no stage names its roles.
select team_id, role, headcount, round(utilisation_4_weeks, 2) as utilisation, round(balance_headcount, 1) as balance,
    skill_state, demand_source
from mart_capacity_utilisation
where utilisation_4_weeks is not null
    and week_start = (
        select max(week_start) from mart_capacity_utilisation where is_complete and utilisation_4_weeks is not null
    )
order by utilisation desc
