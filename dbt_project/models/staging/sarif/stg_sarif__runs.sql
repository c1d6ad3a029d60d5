-- One row per run of a report. Runs of one scanner over one project are a series: what the next one does not show any
-- more is gone. A report that names no repository is of the project whose folder it lies in. Of the id of a run what
-- stands before its last slash names the kind of run, and what stands behind it that one run (SARIF 2.1.0, 3.17.2).
select
    source_id,
    export_file,
    run_number,
    lower(scanner) as tool,
    coalesce({{ repository_path('repository') }}, folder) as project,
    source_id || ':' || lower(scanner) || ':' || coalesce({{ repository_path('repository') }}, folder, '') || ':'
    || coalesce(regexp_replace(automation_id, '/?[^/]*$', ''), '') || ':' || coalesce(branch, '') as series,
    scanned as scanned_at
from {{ source('raw_sarif', 'runs') }}
