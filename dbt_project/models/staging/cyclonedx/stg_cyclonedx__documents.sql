select distinct
    source_id,
    project,
    scanned as scanned_at
from {{ source('raw_cyclonedx', 'documents') }}
