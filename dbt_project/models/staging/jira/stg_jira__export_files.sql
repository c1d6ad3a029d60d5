select
    source_id,
    export_file,
    file_kind,
    n_records,
    n_quarantined,
    is_readable,
    exported_at,
    complete_to
from {{ source('raw_jira', 'export_files') }}
