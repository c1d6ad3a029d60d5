{{ config(materialized='view') }}
-- The life of GitLab's items split by status: its status at birth (no event, no status before) and every change since.
with items as (

    select
        work_item_id,
        created_at
    from {{ ref('int_gitlab_items_unioned') }}
    where has_changelog

),

events as (

    select * from {{ ref('int_gitlab_status_events_listed') }}

),

changes as (

    {{ status_changes_by_labels('items', 'events') }}

)

select * from changes
