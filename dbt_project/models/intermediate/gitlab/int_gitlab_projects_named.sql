{{ config(materialized='view') }}
-- The path of GitLab's projects, which most answers name by number only.
with named as (

    select
        source_id,
        project_id,
        project_path as project,
        1 as preference
    from {{ ref('stg_gitlab__projects') }}

    union all

    select
        source_id,
        project_id,
        max(project) as project,
        2 as preference
    from {{ ref('stg_gitlab__issues') }}
    group by source_id, project_id

    union all

    select
        source_id,
        project_id,
        max(project) as project,
        3 as preference
    from {{ ref('stg_gitlab__merge_requests') }}
    group by source_id, project_id

    union all

    select
        source_id,
        project_id,
        max(project_path) as project,
        4 as preference
    from {{ ref('stg_gitlab__pipelines') }}
    group by source_id, project_id

),

ranked as (

    select
        *,
        row_number() over (partition by source_id, project_id order by preference) as recency
    from named
    where project_id is not null
        and project is not null

)

select
    source_id,
    project_id,
    project
from ranked
where recency = 1
