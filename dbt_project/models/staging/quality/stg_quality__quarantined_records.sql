select
    source_id,
    export_file,
    line_number,
    record_number,
    record_key,
    reason
from {{ source('quality', 'quarantined_records') }}
