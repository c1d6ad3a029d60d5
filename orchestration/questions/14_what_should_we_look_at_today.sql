-- Which items should we look at today?
-- What is in progress, most pressing first: the age in days, and the share of the items finished lately in the same
-- value stream and level that took no longer.
-- Empty: nothing is in progress.
select attention_rank as rank, item_key, title, level, team_id, stage_name, age_calendar_days as age,
    round(age_percentile, 2) as older_than, is_blocked, is_at_risk
from mart_ageing_items
order by attention_rank
limit 15
