{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ touch_families(ref('int_item_parents_resolved'), ref('int_idea_starts_traced'),
            ref('int_child_progress_summed')) }}",
        "{{ forget_touched('quality.touched_with_families') }}"
    ]
) }}
with items as (

    select *
    from {{ ref('int_items_unioned') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_families') }}

),

clocks as (

    select * from {{ ref('int_item_clocks_computed') }}

),

visits as (

    select *
    from {{ ref('int_stage_visits_folded') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_families') }}

),

histories as (

    select * from {{ ref('int_item_histories_assessed') }}

),

timelines as (

    select *
    from {{ ref('int_item_timelines_built') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_families') }}

),

memberships as (

    select *
    from {{ ref('int_item_memberships_mapped') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_families') }}

),

value_streams as (

    select * from {{ ref('stg_portfolio__value_streams') }}

),

working_days as (

    select * from {{ ref('stg_portfolio__working_days') }}

),

teams as (

    select
        team_id,
        location_id
    from {{ ref('stg_portfolio__teams') }}

),

hours as (

    select * from {{ ref('stg_portfolio__hours') }}

),

refresh as (

    select as_of from {{ ref('stg_portfolio__refresh') }}

),

-- What was in force at as_of, also for items that no workflow counts.
current_rows as (

    select
        timelines.work_item_id,
        timelines.status,
        timelines.item_key,
        timelines.item_type,
        timelines.project,
        memberships.team_id,
        memberships.train_id,
        memberships.value_stream_id,
        memberships.level,
        memberships.work_type,
        memberships.workflow_id
    from timelines
    inner join memberships
        on timelines.work_item_id = memberships.work_item_id
        and timelines.event_number = memberships.event_number
    where timelines.next_event_at is null

),

-- An ended item belongs to the team, level and work type that it had on the day it ended.
end_rows as (

    select
        visits.work_item_id,
        visits.team_id,
        visits.train_id,
        visits.value_stream_id,
        visits.level,
        visits.work_type
    from visits
    where visits.is_end

),

current_visits as (

    select
        work_item_id,
        stage_id,
        stage_kind,
        entered_at
    from visits
    where left_at is null

),

aliases as (

    select
        timelines.work_item_id,
        {{ distinct_joined('timelines.item_key') }} as key_aliases
    from timelines
    inner join current_rows on timelines.work_item_id = current_rows.work_item_id
    where timelines.item_key <> current_rows.item_key
    group by timelines.work_item_id

),

duplicates as (

    select * from {{ ref('int_item_duplicates_identified') }}

),

parents as (

    select * from {{ ref('int_item_parents_resolved') }}

),

ideas as (

    select * from {{ ref('int_idea_starts_traced') }}

),

children as (

    select * from {{ ref('int_child_progress_summed') }}

),

iteration_names as (

    select * from {{ ref('int_iteration_names_listed') }}

),

blocked_now as (

    select distinct work_item_id
    from {{ ref('int_blocked_spells_detected') }}
    where ended_at is null

),

blocked_times as (

    select *
    from {{ ref('int_visit_blocked_times_summed') }}
    where {{ is_touched('work_item_id', 'quality.touched_with_families') }}

),

-- The flow window is cut into queue, active and blocked-while-active time; a blocked item in a queue waits once.
visit_times as (

    select
        visits.work_item_id,
        visits.stage_kind = 'active' as is_active,
        visits.is_rework,
        {{ seconds_between('greatest(visits.entered_at, clocks.flow_started_at)', 'visits.left_at') }} as flow_seconds,
        coalesce(blocked_times.blocked_seconds_in_flow, 0) as blocked_seconds
    from visits
    inner join clocks on visits.work_item_id = clocks.work_item_id
    left join blocked_times
        on visits.work_item_id = blocked_times.work_item_id
        and visits.visit_sequence = blocked_times.visit_sequence
    where clocks.ended_at is not null
        and not visits.is_after_end
        and (visits.left_at > clocks.flow_started_at or visits.entered_at >= clocks.flow_started_at)

),

stage_times as (

    select
        work_item_id,
        max(case when is_active then 1 else 0 end) as has_active_visit,
        {{ sum_of_seconds('case when is_active then flow_seconds - blocked_seconds else 0 end') }} as active_seconds,
        {{ sum_of_seconds('case when not is_active then flow_seconds else 0 end') }} as wait_seconds,
        {{ sum_of_seconds('case when is_active then blocked_seconds else 0 end') }} as blocked_seconds,
        {{ sum_of_seconds('case when is_rework then flow_seconds else 0 end') }} as rework_seconds
    from visit_times
    group by work_item_id

),

joined as (

    select
        items.*,
        current_rows.status as status_at_as_of,
        current_rows.item_key as key_at_as_of,
        current_rows.item_type as type_at_as_of,
        current_rows.project as project_at_as_of,
        coalesce(end_rows.team_id, current_rows.team_id) as team_id,
        coalesce(end_rows.train_id, current_rows.train_id) as train_id,
        coalesce(end_rows.value_stream_id, current_rows.value_stream_id) as value_stream_id,
        coalesce(end_rows.level, current_rows.level) as level,
        coalesce(end_rows.work_type, current_rows.work_type) as work_type,
        current_rows.workflow_id,
        current_visits.stage_id as current_stage_id,
        current_visits.stage_kind as current_stage_kind,
        current_visits.entered_at as current_stage_entered_at,
        aliases.key_aliases,
        parents.parent_work_item_id,
        case
            when clocks.work_item_id is not null
                then least(clocks.life_started_at, coalesce(ideas.idea_started_at, clocks.life_started_at))
        end as idea_started_at,
        coalesce(children.n_children, 0) as n_children,
        coalesce(children.n_children_finished, 0) as n_children_finished,
        coalesce(children.n_children_cancelled, 0) as n_children_cancelled,
        children.children_started_at,
        children.children_finished_at,
        children.has_usable_histories as has_usable_child_histories,
        coalesce(iteration_names.iteration_id, items.iteration_ref) as native_iteration_id,
        duplicates.duplicate_of_work_item_id,
        clocks.work_item_id is not null as is_counted,
        clocks.life_started_at,
        clocks.flow_started_at,
        clocks.started_at,
        clocks.restarted_at,
        case when not clocks.is_cancelled then clocks.ended_at end as finished_at,
        case when clocks.is_cancelled then clocks.ended_at end as cancelled_at,
        clocks.n_reopenings,
        clocks.n_backward_moves,
        clocks.n_stages_skipped,
        histories.is_history_truncated,
        histories.is_history_broken,
        histories.is_start_repaired,
        histories.has_change_before_creation,
        histories.is_end_inferred,
        not histories.is_history_truncated and not histories.is_history_broken as has_usable_history,
        blocked_now.work_item_id is not null as is_blocked,
        stage_times.has_active_visit,
        stage_times.active_seconds,
        stage_times.wait_seconds,
        stage_times.blocked_seconds,
        stage_times.rework_seconds
    from items
    inner join current_rows on items.work_item_id = current_rows.work_item_id
    inner join histories on items.work_item_id = histories.work_item_id
    left join clocks on items.work_item_id = clocks.work_item_id
    left join end_rows on items.work_item_id = end_rows.work_item_id
    left join current_visits on items.work_item_id = current_visits.work_item_id
    left join aliases on items.work_item_id = aliases.work_item_id
    left join parents on items.work_item_id = parents.work_item_id
    left join ideas on items.work_item_id = ideas.work_item_id
    left join children on items.work_item_id = children.work_item_id
    left join iteration_names
        on items.source_id = iteration_names.source_id
        and lower(items.iteration_ref) = iteration_names.name
    left join duplicates on items.work_item_id = duplicates.work_item_id
    left join blocked_now on items.work_item_id = blocked_now.work_item_id
    left join stage_times on items.work_item_id = stage_times.work_item_id

),

-- Where the history cannot be trusted the clocks that need it are not measured. Lead time needs only to be told of the
-- finish: an item that is done with all of its history missing was hardly done in its first moment.
localised as (

    select
        joined.*,
        value_streams.timezone,
        refresh.as_of,
        case
            when joined.has_usable_history then joined.finished_at
            when joined.finished_at > joined.life_started_at and not coalesce(joined.is_end_inferred, false)
                then joined.finished_at
        end as told_finish_at,
        case when joined.has_usable_history then joined.flow_started_at end as measured_flow_start_at,
        case when joined.has_usable_history then joined.started_at end as measured_start_at,
        case when joined.has_usable_history then joined.restarted_at end as measured_restart_at,
        {{ local_date('joined.created_at', 'value_streams.timezone') }} as created_date,
        {{ local_date('joined.life_started_at', 'value_streams.timezone') }} as life_started_date,
        {{ local_date('joined.idea_started_at', 'value_streams.timezone') }} as idea_started_date,
        {{ local_date('joined.flow_started_at', 'value_streams.timezone') }} as flow_started_date,
        {{ local_date('joined.started_at', 'value_streams.timezone') }} as started_date,
        {{ local_date('joined.restarted_at', 'value_streams.timezone') }} as restarted_date,
        {{ local_date('joined.finished_at', 'value_streams.timezone') }} as finished_date,
        {{ local_date('joined.cancelled_at', 'value_streams.timezone') }} as cancelled_date,
        {{ local_time('joined.started_at', 'coalesce(hours.timezone, value_streams.timezone)') }} as started_there,
        {{ local_time('joined.finished_at', 'coalesce(hours.timezone, value_streams.timezone)') }} as finished_there,
        hours.location_id,
        hours.day_start_hour,
        {{ local_date('refresh.as_of', 'value_streams.timezone') }} as as_of_date,
        joined.started_at is not null
            and joined.finished_at is null
            and joined.cancelled_at is null
            and joined.removed_at is null as is_in_progress
    from joined
    inner join value_streams on joined.value_stream_id = value_streams.value_stream_id
    inner join teams on joined.team_id = teams.team_id
    inner join hours on teams.location_id = hours.location_id
    cross join refresh

)

select
    localised.work_item_id,
    localised.source_id,
    localised.native_id,
    localised.key_at_as_of as item_key,
    localised.key_aliases,
    localised.project_at_as_of as project,
    localised.title,
    localised.type_at_as_of as item_type,
    localised.is_subtask,
    localised.level,
    localised.work_type,
    localised.priority,
    localised.estimate,
    localised.parent_work_item_id,
    localised.duplicate_of_work_item_id,
    localised.source_id || ':' || localised.native_iteration_id as iteration_id,
    {{ joined_text('localised.fix_versions') }} as fix_versions,
    localised.web_url,
    localised.team_id,
    localised.train_id,
    localised.value_stream_id,
    localised.workflow_id,
    localised.status_at_as_of as current_status,
    localised.current_stage_id,
    localised.current_stage_entered_at,
    localised.created_at,
    localised.idea_started_at,
    localised.life_started_at,
    localised.flow_started_at,
    localised.started_at,
    localised.restarted_at,
    localised.finished_at,
    localised.cancelled_at,
    case when localised.resolved_at <= localised.as_of then localised.resolved_at end as resolved_at,
    localised.removed_at,
    localised.removal,
    localised.created_date,
    localised.started_date,
    localised.finished_date,
    localised.cancelled_date,
    localised.is_counted,
    localised.finished_at is not null as is_finished,
    localised.cancelled_at is not null as is_cancelled,
    localised.is_in_progress,
    localised.is_blocked,
    localised.has_usable_history,
    localised.is_history_truncated,
    localised.is_history_broken,
    localised.is_start_repaired,
    localised.has_change_before_creation,
    localised.n_reopenings,
    localised.n_backward_moves,
    localised.n_stages_skipped,
    localised.n_children,
    localised.n_children_finished,
    localised.n_children_cancelled,
    localised.children_started_at,
    localised.children_finished_at,
    case
        when localised.has_usable_child_histories
            then {{ elapsed_days('localised.children_started_at', 'localised.children_finished_at') }}
    end as children_flow_elapsed_days,
    {{ elapsed_days('localised.idea_started_at', 'localised.told_finish_at') }} as idea_to_value_elapsed_days,
    case
        when localised.told_finish_at is not null
            then {{ calendar_days('localised.idea_started_date', 'localised.finished_date') }}
    end as idea_to_value_calendar_days,
    {{ elapsed_days('localised.life_started_at', 'localised.told_finish_at') }} as lead_time_elapsed_days,
    case
        when localised.told_finish_at is not null
            then {{ calendar_days('localised.life_started_date', 'localised.finished_date') }}
    end as lead_time_calendar_days,
    {{ elapsed_days('localised.measured_flow_start_at', 'localised.finished_at') }} as flow_time_elapsed_days,
    case
        when localised.has_usable_history
            then {{ calendar_days('localised.flow_started_date', 'localised.finished_date') }}
    end as flow_time_calendar_days,
    {{ elapsed_days('localised.measured_start_at', 'localised.finished_at') }} as cycle_time_elapsed_days,
    case
        when localised.has_usable_history
            then {{ calendar_days('localised.started_date', 'localised.finished_date') }}
    end as cycle_time_calendar_days,
    case
        when localised.has_usable_history and localised.finished_at >= localised.started_at
            then {{ working_hours_at('finish_days', 'localised.finished_there', 'localised') }}
            - {{ working_hours_at('start_days', 'localised.started_there', 'localised') }}
    end as cycle_time_working_hours,
    {{ elapsed_days('localised.measured_restart_at', 'localised.finished_at') }} as cycle_time_restarted_elapsed_days,
    case
        when localised.has_usable_history
            then {{ calendar_days('localised.restarted_date', 'localised.finished_date') }}
    end as cycle_time_restarted_calendar_days,
    case
        when localised.is_in_progress then {{ elapsed_days('localised.measured_start_at', 'localised.as_of') }}
    end as age_elapsed_days,
    case
        when localised.is_in_progress and localised.has_usable_history
            then {{ calendar_days('localised.started_date', 'localised.as_of_date') }}
    end as age_calendar_days,
    case
        when localised.finished_at is not null and localised.has_usable_history
            then localised.active_seconds / 86400.0
    end as active_elapsed_days,
    case
        when localised.finished_at is not null and localised.has_usable_history
            then localised.wait_seconds / 86400.0
    end as wait_elapsed_days,
    case
        when localised.finished_at is not null and localised.has_usable_history
            then localised.blocked_seconds / 86400.0
    end as blocked_elapsed_days,
    case
        when localised.finished_at is not null and localised.has_usable_history
            then localised.rework_seconds / 86400.0
    end as rework_elapsed_days,
    case
        when localised.finished_at is not null
            and localised.has_usable_history
            and localised.has_active_visit = 1
            and localised.active_seconds + localised.wait_seconds + localised.blocked_seconds > 0
            then localised.active_seconds
                / (localised.active_seconds + localised.wait_seconds + localised.blocked_seconds)
    end as flow_efficiency
from localised
left join working_days as start_days
    on localised.location_id = start_days.location_id
    and cast(localised.started_there as date) = start_days.calendar_date
left join working_days as finish_days
    on localised.location_id = finish_days.location_id
    and cast(localised.finished_there as date) = finish_days.calendar_date
