-- One row per source and environment name: production, staging or other, by the portfolio's patterns for the source;
-- the longest matching pattern is the most particular one. Where the portfolio says nothing about a source, only names
-- that say it themselves count.
with names as (

    select distinct
        source_id,
        environment_name
    from {{ ref('int_deployments_unioned') }}
    where environment_name is not null

),

rules as (

    select * from {{ ref('stg_portfolio__environment_rules') }}

),

matched as (

    select
        names.source_id,
        names.environment_name,
        rules.environment,
        row_number() over (
            partition by names.source_id, names.environment_name
            order by length(rules.pattern) desc, rules.environment, rules.pattern
        ) as match_number
    from names
    inner join rules
        on names.source_id = rules.source_id
        and {{ matches_a_pattern('names.environment_name', 'rules.pattern') }}

),

declared as (

    select distinct source_id from rules

)

select
    names.source_id,
    names.environment_name,
    case
        when matched.environment is not null then matched.environment
        when declared.source_id is not null then 'other'
        when lower(names.environment_name) in ('production', 'prod', 'prd', 'live') then 'production'
        when lower(names.environment_name) in ('staging', 'stage', 'stg', 'preproduction', 'preprod') then 'staging'
        else 'other'
    end as environment,
    declared.source_id is not null as is_declared
from names
left join matched
    on names.source_id = matched.source_id
    and names.environment_name = matched.environment_name
    and matched.match_number = 1
left join declared on names.source_id = declared.source_id
