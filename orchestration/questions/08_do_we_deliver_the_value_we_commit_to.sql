-- Do we deliver the business value we commit to?
-- Actual over planned business value of each increment's objectives; stretch objectives add to the actual only, so it
-- may exceed 1. Of n objectives, rated are those whose actual value is told.
-- Empty: registers/ holds no objectives.
select increment_id, scope_type, scope_name, planned_business_value as planned, actual_business_value as actual,
    round(predictability, 2) as predictability, n_objectives as n, n_rated as rated
from mart_flow_predictability
where scope_type in ('portfolio', 'value_stream', 'train') and n_objectives > 0
order by period_start desc, scope_type, predictability
limit 20
