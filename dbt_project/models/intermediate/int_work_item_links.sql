{{ config(materialized='view') }}
-- Everything an item is linked to, across tools: other items by their links, code by the keys it names.
select
    work_item_id,
    'work_item' as linked_kind,
    linked_work_item_id as linked_id,
    relation,
    link_type as evidence,
    linked_at,
    unlinked_at
from {{ ref('int_work_item_links_resolved') }}

union all

select
    work_item_id,
    linked_kind,
    linked_id,
    'named_in' as relation,
    evidence,
    cast(null as timestamptz) as linked_at,
    cast(null as timestamptz) as unlinked_at
from {{ ref('int_code_keys_matched') }}
