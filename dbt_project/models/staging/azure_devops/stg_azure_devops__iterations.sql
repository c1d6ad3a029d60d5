-- One row per iteration: a team's iteration is a node of its project's tree under the same id. Dates count before none.
with ranked as (

    select
        *,
        max(team_id) over (partition by source_id, iteration_id) as team_id_ever,
        max(time_frame) over (partition by source_id, iteration_id, exported_at) as time_frame_then,
        row_number() over (
            partition by source_id, iteration_id
            order by starts is null, exported_at desc, export_file desc, iteration_path
        ) as recency
    from {{ source('raw_azure_devops', 'iterations') }}

)

select
    source_id,
    iteration_id,
    iteration_name,
    iteration_path,
    team_id_ever as team_id,
    starts as started_at,
    finishes as last_day_at,
    coalesce(time_frame, time_frame_then) as time_frame
from ranked
where recency = 1
