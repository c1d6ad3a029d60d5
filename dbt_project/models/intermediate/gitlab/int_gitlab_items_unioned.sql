{{ config(materialized='view') }}
-- GitLab's issues and epics as one kind of item, as their newest export shows them, and whether their source was
-- exported with events: without them nothing but the closing is known of a history. Where labels are the statuses, the
-- events of labels are what counts.
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
        issues.duplicate_of,
        issues.created_at,
        issues.updated_at,
        issues.closed_at,
        issues.web_url
    from issues
    left join epic_names
        on issues.source_id = epic_names.source_id
        and issues.epic_key = epic_names.epic_key

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
