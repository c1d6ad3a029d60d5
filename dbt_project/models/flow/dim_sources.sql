with files as (

    select
        source_id,
        count(*) as n_export_files,
        count(case when file_kind is not null and not is_readable then 1 end) as n_unreadable_files,
        sum(case when file_kind is not null then n_records end) as n_records,
        sum(case when file_kind is not null then n_quarantined end) as n_quarantined,
        max(exported_at) as exported_at,
        max(complete_to) as complete_to
    from {{ ref('stg_quality__export_files') }}
    group by source_id

),

-- Only the newest pull: what an earlier one missed, a later one has asked for again.
newest_pulls as (

    select
        source_id,
        pulled_at,
        sum(n_missing) as n_missing
    from (
        select
            *,
            dense_rank() over (partition by source_id order by pulled_at desc) as recency
        from {{ ref('stg_quality__pulls') }}
    ) as pulls
    where recency = 1
    group by source_id, pulled_at

),

missing_items as (

    select
        source_id,
        count(*) as n_missing
    from ({{ vocabulary_union('missing_items') }}) as missing
    group by source_id

)

select
    sources.source_id,
    sources.tool,
    cast(coalesce(files.n_export_files, 0) as integer) as n_export_files,
    cast(coalesce(files.n_unreadable_files, 0) as integer) as n_unreadable_files,
    cast(coalesce(files.n_records, 0) as bigint) as n_records,
    cast(coalesce(files.n_quarantined, 0) as bigint) as n_quarantined,
    cast(coalesce(newest_pulls.n_missing, 0) + coalesce(missing_items.n_missing, 0) as integer) as n_announced_missing,
    newest_pulls.pulled_at,
    files.exported_at,
    files.complete_to,
    refresh.as_of
from {{ ref('stg_portfolio__sources') }} as sources
left join files on sources.source_id = files.source_id
left join newest_pulls on sources.source_id = newest_pulls.source_id
left join missing_items on sources.source_id = missing_items.source_id
cross join {{ ref('stg_portfolio__refresh') }} as refresh
