-- One row per project, metric and moment; measures that are no number (a gate's state, its details) stay in the raw
-- table.
with ranked as (

    select
        *,
        row_number() over (
            partition by source_id, project, metric, measured order by exported_at desc, export_file desc, origin
        ) as recency
    from {{ source('raw_sonarqube', 'measures') }}
    where try_cast(value as double) is not null

)

select
    source_id,
    'sonarqube' as tool,
    project,
    metric,
    measured as measured_at,
    try_cast(value as double) as value
from ranked
where recency = 1
