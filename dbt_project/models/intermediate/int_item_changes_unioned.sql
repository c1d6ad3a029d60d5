{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched() }}"
) }}
-- depends_on: {{ ref('int_items_unioned') }} (which completes the list of touched items)
-- One row per item, history and changed attribute that flow facts follow, in one vocabulary for all tools: status,
-- resolution, key, type, team, flag, labels, components, blocked_reason, parent, iteration. Later than as_of is kept
-- and marked, because the first later change tells what was in force at as_of.
with changes as (

    select * from {{ ref('int_exported_changes_unioned') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

)

select
    changes.*,
    changes.changed_at > refresh.as_of as is_after_as_of
from changes
cross join refresh
where changes.attribute in (
        'status', 'resolution', 'key', 'type', 'team', 'flagged', 'labels', 'components', 'blocked_reason', 'parent',
        'iteration'
    )
    and {{ is_touched('changes.work_item_id') }}
