-- A relation is told with both of its issues and with every export of either; in the direction it was made in.
with ranked as (

    select
        *,
        row_number() over (partition by source_id, relation_id order by exported_at desc, export_file desc) as recency
    from {{ source('raw_redmine', 'relations') }}

)

select
    source_id,
    relation_id,
    relation_type,
    issue_id,
    issue_to_id
from ranked
where recency = 1
