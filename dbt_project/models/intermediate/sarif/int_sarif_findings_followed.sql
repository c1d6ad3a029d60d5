{{ config(materialized='view') }}
-- Findings followed from run to run of their series: open from the first run that shows one, closed at the first later
-- run that does not, open again where it comes back. What is suppressed, or absent by the scanner's own word, is closed
-- from the first run of the last unbroken row of such runs. Runs of one report are one scan in parts: what one part
-- does not show is not gone.
with reports as (

    select
        series,
        source_id,
        export_file,
        max(scanned_at) as scanned_at
    from {{ ref('stg_sarif__runs') }}
    group by series, source_id, export_file

),

scans as (

    select
        *,
        row_number() over (partition by series order by scanned_at, export_file) as place
    from reports

),

runs as (

    select
        scans.*,
        runs.run_number,
        runs.tool,
        runs.project
    from {{ ref('stg_sarif__runs') }} as runs
    inner join scans
        on runs.series = scans.series
        and runs.export_file = scans.export_file

),

seen as (

    select
        runs.series,
        runs.source_id,
        runs.tool,
        runs.project,
        runs.scanned_at,
        runs.place,
        results.finding_key,
        results.component,
        results.rule,
        results.severity,
        results.raw_severity,
        results.finding_type,
        results.is_suppressed,
        results.first_detected_at,
        results.is_suppressed or results.is_absent as is_settled,
        row_number() over (
            partition by runs.series, results.finding_key
            order by runs.place desc, results.is_suppressed or results.is_absent, runs.run_number
        ) as recency
    from runs
    inner join {{ ref('stg_sarif__results') }} as results
        on runs.source_id = results.source_id
        and runs.export_file = results.export_file
        and runs.run_number = results.run_number

),

spans as (

    select
        series,
        finding_key,
        min(scanned_at) as first_seen_at,
        min(first_detected_at) as first_detected_at,
        max(place) as last_place,
        max(case when not is_settled then place else 0 end) as last_open_place
    from seen
    group by series, finding_key

),

settlements as (

    select
        seen.series,
        seen.finding_key,
        min(seen.scanned_at) as settled_at
    from seen
    inner join spans
        on seen.series = spans.series
        and seen.finding_key = spans.finding_key
        and seen.place > spans.last_open_place
    group by seen.series, seen.finding_key

),

ended as (

    select
        seen.*,
        least(spans.first_detected_at, spans.first_seen_at) as opened_at,
        coalesce(settlements.settled_at, next_scans.scanned_at) as closed_at
    from seen
    inner join spans
        on seen.series = spans.series
        and seen.finding_key = spans.finding_key
    left join settlements
        on seen.series = settlements.series
        and seen.finding_key = settlements.finding_key
    left join scans as next_scans
        on seen.series = next_scans.series
        and next_scans.place = spans.last_place + 1
    where seen.recency = 1

)

select
    series || ':' || finding_key as finding_id,
    source_id,
    finding_key as native_id,
    tool,
    project,
    component,
    rule,
    severity,
    raw_severity,
    finding_type,
    case when closed_at is null then 'open' else 'closed' end as status,
    case when is_suppressed then 'suppressed' when closed_at is not null then 'gone' end as resolution,
    opened_at,
    closed_at,
    cast(null as double) as effort_minutes
from ended
