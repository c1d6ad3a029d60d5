with items as (

    select
        source_id,
        cast(count(*) as integer) as n_items,
        cast(count(case when is_counted then 1 end) as integer) as n_counted_items,
        cast(count(case when is_counted and has_usable_history then 1 end) as integer) as n_usable_history,
        cast(count(case when is_history_truncated then 1 end) as integer) as n_truncated,
        cast(count(removed_at) as integer) as n_removed,
        cast(count(case when is_history_broken then 1 end) as integer) as n_broken,
        cast(count(case when is_start_repaired then 1 end) as integer) as n_start_repaired,
        cast(count(case when has_change_before_creation then 1 end) as integer) as n_change_before_creation,
        cast(count(case when is_counted and team_id = 'unassigned' then 1 end) as integer) as n_unassigned
    from {{ ref('fct_work_items') }}
    group by source_id

),

unmapped as (

    select
        visits.source_id,
        cast(count(distinct visits.work_item_id) as integer) as n_unmapped_status_items
    from {{ ref('fct_stage_visits') }} as visits
    inner join {{ ref('dim_stages') }} as stages on visits.stage_id = stages.stage_id
    where stages.is_unmapped
    group by visits.source_id

)

select
    sources.source_id,
    sources.tool,
    sources.tool in ({{ tools_keeping_items() }}) as is_work_tracker,
    coalesce(items.n_items, 0) as n_items,
    coalesce(items.n_counted_items, 0) as n_counted_items,
    coalesce(items.n_usable_history, 0) as n_usable_history,
    cast(items.n_usable_history as double) / nullif(items.n_counted_items, 0) as usable_history_share,
    coalesce(items.n_truncated, 0) as n_truncated,
    coalesce(items.n_removed, 0) as n_removed,
    coalesce(items.n_broken, 0) as n_broken,
    coalesce(items.n_start_repaired, 0) as n_start_repaired,
    coalesce(items.n_change_before_creation, 0) as n_change_before_creation,
    coalesce(items.n_unassigned, 0) as n_unassigned,
    coalesce(unmapped.n_unmapped_status_items, 0) as n_unmapped_status_items,
    cast(sources.n_quarantined as integer) as n_quarantined,
    cast(sources.n_quarantined as double) / nullif(sources.n_records, 0) as quarantined_share,
    sources.n_announced_missing,
    sources.complete_to,
    {{ seconds_between('sources.complete_to', 'sources.as_of') }} / 86400.0 as days_behind_as_of,
    cast(sources.n_export_files as integer) as n_export_files
from {{ ref('dim_sources') }} as sources
left join items on sources.source_id = items.source_id
left join unmapped on sources.source_id = unmapped.source_id
