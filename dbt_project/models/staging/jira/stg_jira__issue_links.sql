select distinct
    source_id,
    issue_id,
    link_id,
    link_type,
    direction,
    linked_issue_id,
    linked_issue_key
from {{ source('raw_jira', 'issue_links') }}
