with measures as (

    select
        {{ quality_measure_id() }} as quality_measure_id,
        *
    from {{ ref('int_quality_measures_unioned') }}

),

memberships as (

    select * from {{ ref('int_code_memberships_mapped') }} where fact_kind = 'quality_measure'

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

)

select
    measures.quality_measure_id,
    measures.source_id,
    measures.tool,
    measures.project,
    measures.metric,
    measures.measured_at,
    {{ local_date('measures.measured_at', 'value_streams.timezone') }} as measured_date,
    measures.value,
    memberships.team_id,
    memberships.train_id,
    memberships.value_stream_id,
    memberships.membership_basis
from measures
inner join memberships on measures.quality_measure_id = memberships.fact_id
inner join value_streams on memberships.value_stream_id = value_streams.value_stream_id
cross join refresh
where measures.measured_at <= refresh.as_of
