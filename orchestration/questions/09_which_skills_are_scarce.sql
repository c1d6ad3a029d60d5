-- Which skills are scarce, and which are there in excess?
-- The last four complete weeks together. Above 0.85 a queue grows quickly; balance is the number of people beyond what
-- the work asked for, negative where they are missing.
-- Empty: registers/ holds no capacity, or no stage names its roles.
select team_id, role, round(avg(headcount), 1) as headcount,
    round(sum(demand_hours) / sum(available_hours), 2) as utilisation, round(avg(balance_headcount), 1) as balance,
    arg_max(skill_state, week_start) as skill_state
from mart_capacity_utilisation
where is_complete and utilisation is not null
    and week_start > (select max(week_start) - 28 from mart_capacity_utilisation where is_complete)
group by team_id, role
order by utilisation desc
