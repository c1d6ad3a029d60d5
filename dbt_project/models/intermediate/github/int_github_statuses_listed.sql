{{ config(materialized='view') }}
-- The two states that every issue has. Labels and project statuses are of no kind that GitHub would know.
select distinct
    source_id,
    cast(null as varchar) as status_id,
    'open' as status_name,
    'queue' as status_kind
from {{ ref('stg_github__issues') }}
where not is_pull_request

union all

select distinct
    source_id,
    cast(null as varchar) as status_id,
    'closed' as status_name,
    'done' as status_kind
from {{ ref('stg_github__issues') }}
where not is_pull_request
