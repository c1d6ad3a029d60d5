with ranked as (

    select
        *,
        row_number() over (partition by source_id, board_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_jira', 'boards') }}

)

select
    source_id,
    board_id,
    board_name,
    board_type,
    project_key
from ranked
where recency = 1
