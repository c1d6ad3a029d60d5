-- Where is work stuck?
-- The stage that the evidence of the last whole weeks (13, unless the portfolio file says otherwise) points to first, in
-- each value stream and level. A rank is evidence and no verdict; is_sufficient says whether there was enough of it.
-- Empty: no active stage had work in these weeks.
select value_stream_name, level, stage_name, round(utilisation, 2) as busy, round(queue_mean, 1) as queue,
    round(wait_share, 2) as wait_share, n_departures as n, is_sufficient
from stage_constraint_evidence
inner join dim_value_streams using (value_stream_id)
where evidence_rank = 1 and value_stream_id <> 'unassigned'
order by wait_share desc
