-- A version is what Redmine plans by: the iteration of its issues. A locked one takes no more issues, yet is worked on.
with ranked as (

    select
        *,
        row_number() over (partition by source_id, version_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_redmine', 'versions') }}

)

select
    source_id,
    version_id as iteration_id,
    version_name as iteration_name,
    project_name || '/' || version_name as iteration_path,
    description as goal,
    case when version_status = 'closed' then 'closed' when version_status is not null then 'active' end as state,
    cast(null as timestamptz) as started_at,
    due as planned_end_at,
    case when version_status = 'closed' then updated end as completed_at,
    cast(null as varchar) as board_id
from ranked
where recency = 1
