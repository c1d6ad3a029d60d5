with ranked as (

    select
        *,
        row_number() over (partition by source_id, review_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_github', 'reviews') }}

)

select
    source_id,
    review_id,
    repository,
    number,
    state,
    submitted as submitted_at
from ranked
where recency = 1
