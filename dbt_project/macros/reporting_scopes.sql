{# The teams of each scope, a row per scope and team: what a value stream, a train, a team and (with_portfolio) the
   portfolio consist of, for every mart that has scopes. #}
{% macro reporting_scopes(with_portfolio=true) %}
    {%- if with_portfolio %}
    select
        'portfolio' as scope_type,
        'portfolio' as scope_id,
        'Portfolio' as scope_name,
        cast(null as varchar) as value_stream_id,
        teams.team_id
    from {{ ref('dim_teams') }} as teams

    union all
    {% endif %}
    select
        'value_stream' as scope_type,
        value_streams.value_stream_id as scope_id,
        value_streams.value_stream_name as scope_name,
        value_streams.value_stream_id,
        teams.team_id
    from {{ ref('dim_teams') }} as teams
    inner join {{ ref('dim_value_streams') }} as value_streams
        on teams.value_stream_id = value_streams.value_stream_id

    union all

    select
        'train' as scope_type,
        trains.train_id as scope_id,
        trains.train_name as scope_name,
        trains.value_stream_id,
        teams.team_id
    from {{ ref('dim_teams') }} as teams
    inner join {{ ref('dim_trains') }} as trains
        on teams.train_id = trains.train_id

    union all

    select
        'team' as scope_type,
        teams.team_id as scope_id,
        teams.team_name as scope_name,
        teams.value_stream_id,
        teams.team_id
    from {{ ref('dim_teams') }} as teams
{% endmacro %}
