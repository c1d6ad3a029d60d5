-- One row per source, status id and status name that any export knows, with the tool's own category.
with listed as (

    select
        source_id,
        status_id,
        status_name,
        status_category,
        1 as preference
    from {{ ref('stg_jira__statuses') }}

    union all

    -- An item shows the category of the status it is in, also where no list of statuses was exported.
    select
        source_id,
        status_id,
        status_name,
        max(status_category) as status_category,
        2 as preference
    from {{ ref('int_items_unioned') }}
    where status_name is not null
    group by source_id, status_id, status_name

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_id, coalesce(status_id, lower(status_name))
            order by preference, status_name
        ) as recency
    from listed

)

select
    source_id,
    status_id,
    status_name,
    case status_category
        when 'new' then 'queue'
        when 'undefined' then 'queue'
        when 'indeterminate' then 'active'
        when 'done' then 'done'
    end as stage_kind
from ranked
where recency = 1
