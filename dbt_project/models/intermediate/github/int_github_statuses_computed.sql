-- One row per change of an issue's status, and one for its birth (`event_key` NULL).
with items as (

    select
        work_item_id,
        created_at
    from {{ ref('stg_github__issues') }}
    where not is_pull_request

),

events as (

    select * from {{ ref('int_github_status_events_listed') }}

),

changes as (
    {{ status_changes_by_labels('items', 'events') }}
)

select
    changes.*,
    coalesce(events.is_inferred, false) as is_inferred
from changes
left join events
    on changes.work_item_id = events.work_item_id
    and changes.event_key = events.event_key
