{{ config(materialized='view') }}
-- Acts of review on GitLab's merge requests. Whose an act was is not read, so a plain comment may be the author's own
-- and counts for nothing; approvals, requests for changes and threads on the code are a reviewer's.
with notes as (

    select * from {{ ref('stg_gitlab__notes') }}

)

select
    source_id,
    source_id || ':' || noteable_id as pull_request_id,
    case when is_system then action else 'thread' end as action,
    created_at as reviewed_at
from notes
where noteable_type = 'MergeRequest'
    and ((is_system and action is not null) or (not is_system and is_resolvable))
