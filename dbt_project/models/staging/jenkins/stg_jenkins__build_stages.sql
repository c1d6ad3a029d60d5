with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, job, build_number, stage_id
            order by exported_at desc, export_file desc, started desc
        ) as recency
    from {{ source('raw_jenkins', 'build_stages') }}

)

select
    source_id,
    job,
    build_number,
    stage_id,
    stage_name,
    {{ delivery_result('status') }} as result,
    status as raw_result,
    started as started_at,
    finished as finished_at
from ranked
where recency = 1
