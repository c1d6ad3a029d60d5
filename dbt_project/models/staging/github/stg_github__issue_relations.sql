-- One row per issue, relation and issue that its own list names.
select distinct
    source_id,
    place_ref,
    relation,
    issue_ref
from {{ source('raw_github', 'issue_relations') }}
