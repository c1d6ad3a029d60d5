-- One row per source and status that any export knows, under the name it has today, with the tool's own category.
with listed as (

    select
        source_id,
        status_id,
        status_name,
        status_kind,
        1 as preference,
        null as known_at
    from {{ ref('int_exported_statuses_unioned') }}

    union all

    -- An item shows the category of the status it is in, also where no list of statuses was exported.
    select
        source_id,
        status_id,
        status_name,
        max(status_kind) as status_kind,
        2 as preference,
        max(updated_at) as known_at
    from {{ ref('int_items_unioned') }}
    where status_name is not null
    group by source_id, status_id, status_name

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_id, coalesce(status_id, lower(status_name))
            order by preference, known_at desc nulls last, status_name
        ) as recency
    from listed

)

select
    source_id,
    status_id,
    status_name,
    status_kind as stage_kind
from ranked
where recency = 1
