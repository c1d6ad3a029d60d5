{{ config(materialized='view') }}
-- Jira's statuses in the vocabulary of all tools.
select
    source_id,
    status_id,
    status_name,
    {{ jira_status_kind('status_category') }} as status_kind
from {{ ref('stg_jira__statuses') }}
