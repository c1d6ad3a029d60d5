{{ config(materialized='view') }}
-- GitLab's issues and epics as one kind of item, as their newest export shows them, and whether their source was
-- exported with events: without them nothing but the closing is known of a history. Where labels are the statuses, the
-- events of labels are what counts.
--
-- An issue that was moved lives on under a new id, with its creation date and a copy of its history: where the new one
-- was exported too, the two are one, known by its key of before until it moved. Else the move closed it.
--
-- Epics' issues may be listed without naming their epic: the address of the list does, by group and number.
with issues as (

    select * from {{ ref('stg_gitlab__issues') }}

),

epics as (

    select * from {{ ref('stg_gitlab__epics') }}

),

sources as (

    select
        sources.source_id,
        sources.statuses_from,
        sources.status_labels,
        coalesce(max(
            files.file_kind like 'label_events%'
            or (files.file_kind like 'state_events%' and coalesce(sources.statuses_from, 'state') <> 'labels')
        ), false) as has_changelog
    from {{ ref('stg_portfolio__sources') }} as sources
    left join {{ ref('stg_quality__export_files') }} as files
        on sources.source_id = files.source_id
        and files.is_readable
    where sources.tool = 'gitlab'
    group by sources.source_id, sources.statuses_from, sources.status_labels

),

epic_names as (

    select
        source_id,
        native_id,
        numbered_key as epic_key
    from epics

    union

    select
        source_id,
        native_id,
        item_key as epic_key
    from epics

),

moves as (

    select
        source_id,
        moved_to_id,
        min(item_key) as moved_from_key,
        max(coalesce(closed_at, updated_at)) as moved_from_at
    from issues
    where moved_to_id is not null
    group by source_id, moved_to_id

),

items as (

    select
        issues.work_item_id,
        issues.source_id,
        issues.native_id,
        issues.item_key,
        issues.project,
        issues.item_type,
        issues.item_type = 'task' as is_subtask,
        issues.title,
        issues.state,
        issues.labels,
        issues.estimate,
        issues.milestone_id,
        issues.milestone_title,
        issues.iteration_id,
        coalesce('epic-' || issues.epic_id, epic_names.native_id) as parent_ref,
        issues.moved_to_id,
        moves.moved_from_key,
        moves.moved_from_at,
        issues.duplicate_of,
        issues.created_at,
        issues.updated_at,
        issues.closed_at,
        issues.web_url
    from issues
    left join epic_names
        on issues.source_id = epic_names.source_id
        and issues.epic_key = epic_names.epic_key
    left join moves
        on issues.source_id = moves.source_id
        and issues.native_id = moves.moved_to_id
    left join issues as successors
        on issues.source_id = successors.source_id
        and issues.moved_to_id = successors.native_id
    where successors.work_item_id is null

    union all

    select
        work_item_id,
        source_id,
        native_id,
        item_key,
        project,
        'epic' as item_type,
        false as is_subtask,
        title,
        state,
        labels,
        cast(null as double) as estimate,
        cast(null as varchar) as milestone_id,
        cast(null as varchar) as milestone_title,
        cast(null as varchar) as iteration_id,
        parent_ref,
        cast(null as varchar) as moved_to_id,
        cast(null as varchar) as moved_from_key,
        cast(null as timestamptz) as moved_from_at,
        cast(null as varchar) as duplicate_of,
        created_at,
        updated_at,
        closed_at,
        web_url
    from epics

)

select
    items.*,
    items.state = 'closed' as is_closed,
    sources.statuses_from,
    sources.status_labels,
    sources.has_changelog
from items
inner join sources on items.source_id = sources.source_id
