-- Can the figures be trusted?
-- What of each source could be used: items with a usable history, without a team, in statuses that nobody mapped,
-- records that could not be read, and how far its data lies behind.
select source_id, tool, n_counted_items as items, round(usable_history_share, 3) as usable, n_unassigned as no_team,
    n_unmapped_status_items as unmapped, n_quarantined as quarantined, n_announced_missing as missing,
    round(days_behind_as_of, 1) as days_behind
from mart_data_coverage
order by items desc, source_id
