select
    source_id,
    tool,
    export_file,
    file_kind,
    n_records,
    n_quarantined,
    is_readable,
    exported_at,
    complete_to
from {{ source('quality', 'export_files') }}
