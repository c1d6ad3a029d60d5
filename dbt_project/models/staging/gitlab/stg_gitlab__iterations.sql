with exported as (

    select
        *,
        row_number() over (
            partition by source_id, iteration_id
            order by updated desc nulls last, exported_at desc, export_file desc
        ) as recency
    from {{ source('raw_gitlab', 'iterations') }}

)

select
    source_id,
    iteration_id,
    title as iteration_title,
    description,
    state as iteration_state,
    group_id,
    start_date,
    due_date,
    updated as updated_at
from exported
where recency = 1
