-- Each export shows the links that an issue had then; which export is the issue's newest, its own row tells.
select distinct
    source_id,
    issue_id,
    export_file,
    link_id,
    link_type,
    direction,
    direction_text,
    linked_issue_id,
    linked_issue_key
from {{ source('raw_jira', 'issue_links') }}
