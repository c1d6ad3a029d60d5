{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched() }}"
) }}
-- One row per item and event: the team, level, work type and workflow in force from then on, by the first rule that
-- matches, and beside them what stages are told from (a join of the two would be the dearest of all). Distinct
-- combinations of attributes are matched, not events: rules are few and combinations far fewer than events.
with timelines as (

    select *
    from {{ ref('int_item_timelines_built') }}
    where {{ is_touched('work_item_id') }}

),

portfolio as (

    select timezone from {{ ref('stg_portfolio__value_streams') }} where value_stream_id = 'unassigned'

),

has_validities as (

    select count(*) > 0 as is_dated from {{ ref('int_mapping_boundaries_listed') }}

),

dated as (

    select
        timelines.*,
        -- Without dated rules every event falls on one day, which keeps the combinations few.
        case
            when has_validities.is_dated then {{ local_date('timelines.event_at', 'portfolio.timezone') }}
        end as rule_date
    from timelines
    cross join portfolio
    cross join has_validities

),

combinations as (

    select distinct
        source_id,
        project,
        item_type,
        team_value,
        labels,
        components,
        is_subtask,
        rule_date
    from dated

),

keyed as (

    select
        *,
        row_number() over (
            order by source_id, project, item_type, team_value, labels, is_subtask, rule_date
        ) as combination_number
    from combinations

),

team_matches as (

    select
        keyed.combination_number,
        rules.team_id,
        row_number() over (partition by keyed.combination_number order by rules.rule_position) as match_number
    from keyed
    inner join {{ ref('stg_portfolio__membership_rules') }} as rules
        on (rules.source_id is null or rules.source_id = keyed.source_id)
        and (rules.project is null or rules.project = keyed.project)
        and (
            rules.component is null
            or contains(chr(10) || keyed.components || chr(10), chr(10) || rules.component || chr(10))
        )
        and (rules.label is null or contains(chr(10) || keyed.labels || chr(10), chr(10) || rules.label || chr(10)))
        and (rules.item_type is null or lower(rules.item_type) = lower(keyed.item_type))
        and (rules.team_value is null or lower(rules.team_value) = lower(keyed.team_value))
        and (rules.valid_from is null or keyed.rule_date >= rules.valid_from)
        and (rules.valid_to is null or keyed.rule_date <= rules.valid_to)

),

type_matches as (

    select
        keyed.combination_number,
        rules.level,
        rules.work_type,
        row_number() over (partition by keyed.combination_number order by rules.rule_position) as match_number
    from keyed
    inner join {{ ref('stg_portfolio__work_type_rules') }} as rules
        on (rules.source_id is null or rules.source_id = keyed.source_id)
        and (rules.project is null or rules.project = keyed.project)
        and (rules.label is null or contains(chr(10) || keyed.labels || chr(10), chr(10) || rules.label || chr(10)))
        -- A sub-task is counted only where a rule names its type.
        and (
            (rules.item_type is null and not coalesce(keyed.is_subtask, false))
            or lower(rules.item_type) = lower(keyed.item_type)
        )
        and (rules.valid_from is null or keyed.rule_date >= rules.valid_from)
        and (rules.valid_to is null or keyed.rule_date <= rules.valid_to)

),

placed as (

    select
        keyed.*,
        coalesce(team_matches.team_id, 'unassigned') as team_id,
        teams.train_id,
        teams.value_stream_id,
        type_matches.level,
        type_matches.work_type
    from keyed
    left join team_matches
        on keyed.combination_number = team_matches.combination_number
        and team_matches.match_number = 1
    left join type_matches
        on keyed.combination_number = type_matches.combination_number
        and type_matches.match_number = 1
    left join {{ ref('stg_portfolio__teams') }} as teams
        on coalesce(team_matches.team_id, 'unassigned') = teams.team_id

),

workflow_matches as (

    select
        placed.combination_number,
        scopes.workflow_id,
        row_number() over (partition by placed.combination_number order by scopes.workflow_position) as match_number
    from placed
    inner join {{ ref('stg_portfolio__workflow_scopes') }} as scopes
        on placed.level is not null
        and (scopes.level is null or scopes.level = placed.level)
        and (scopes.value_stream_id is null or scopes.value_stream_id = placed.value_stream_id)
        and (scopes.source_id is null or scopes.source_id = placed.source_id)

)

select
    dated.work_item_id,
    dated.source_id,
    dated.event_number,
    dated.event_at,
    dated.next_event_at,
    dated.status,
    dated.status_id,
    dated.resolution,
    dated.removed_at,
    placed.team_id,
    placed.train_id,
    placed.value_stream_id,
    placed.level,
    placed.work_type,
    workflow_matches.workflow_id,
    dated.rule_date
from dated
inner join placed
    on dated.source_id = placed.source_id
    and dated.labels = placed.labels
    and dated.project is not distinct from placed.project
    and dated.item_type is not distinct from placed.item_type
    and dated.team_value is not distinct from placed.team_value
    and dated.components is not distinct from placed.components
    and dated.is_subtask is not distinct from placed.is_subtask
    and dated.rule_date is not distinct from placed.rule_date
left join workflow_matches
    on placed.combination_number = workflow_matches.combination_number
    and workflow_matches.match_number = 1
