-- Between whom does work wait longest when it changes hands?
-- Hand-offs of the last complete increment between roles, teams, trains or value streams: the days that items lay
-- between the two, and how often work came back to who had held it before.
-- Empty: no work changed hands in this increment, or none has ended.
select boundary, from_team_id, from_stage_name as from_stage, to_team_id, to_stage_name as to_stage,
    sum(n_hand_offs) as n, round(sum(wait_elapsed_days)) as days_waited, round(sum(wait_share), 3) as share_of_all,
    sum(n_returns) as returns
from mart_hand_offs
where period_type = 'increment' and boundary <> 'none'
    and period_start = (select max(period_start) from mart_hand_offs where period_type = 'increment' and is_complete)
group by all
order by days_waited desc
limit 12
