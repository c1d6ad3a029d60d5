{{ config(materialized='view') }}
-- Links between GitLab's items in the vocabulary of all tools. A list of links names its own issue by project and
-- number; a duplicate names its original by the address of its answer.
with issues as (

    select * from {{ ref('stg_gitlab__issues') }}

),

links as (

    select * from {{ ref('stg_gitlab__issue_links') }}

),

projects as (

    select * from {{ ref('int_gitlab_projects_named') }}

),

duplicates as (

    select
        issues.*,
        regexp_extract(issues.duplicate_of, 'projects/([^/]+)/issues/([0-9]+)$', 1) as original_project,
        regexp_extract(issues.duplicate_of, 'projects/([^/]+)/issues/([0-9]+)$', 2) as original_number
    from issues
    where issues.duplicate_of is not null

)

select
    links.source_id,
    links.source_id || ':' || coalesce(links.issue_id, owners.native_id) as work_item_id,
    case links.link_type when 'blocks' then 'blocks' when 'is_blocked_by' then 'blocked_by' else 'relates' end
        as relation,
    links.link_type,
    links.linked_issue_id as linked_ref,
    max(links.linked_at) as linked_at,
    cast(null as timestamptz) as unlinked_at
from links
left join issues as owners
    on links.source_id = owners.source_id
    and links.issue_number = owners.issue_number
    and (links.project_ref = owners.project_id or links.project_ref = owners.project)
where coalesce(links.issue_id, owners.native_id) is not null
group by
    links.source_id, coalesce(links.issue_id, owners.native_id), links.link_type, links.linked_issue_id

union all

select
    duplicates.source_id,
    duplicates.work_item_id,
    'duplicates' as relation,
    'closed_as_duplicate_of' as link_type,
    coalesce(
        originals.native_id,
        coalesce(projects.project, duplicates.original_project) || '#' || duplicates.original_number
    ) as linked_ref,
    duplicates.closed_at as linked_at,
    cast(null as timestamptz) as unlinked_at
from duplicates
left join issues as originals
    on duplicates.source_id = originals.source_id
    and duplicates.original_project = originals.project_id
    and duplicates.original_number = originals.issue_number
left join projects
    on duplicates.source_id = projects.source_id
    and duplicates.original_project = projects.project_id
where duplicates.original_number <> ''

union all

select
    source_id,
    work_item_id,
    'parent' as relation,
    'epic' as link_type,
    parent_ref as linked_ref,
    cast(null as timestamptz) as linked_at,
    cast(null as timestamptz) as unlinked_at
from {{ ref('int_gitlab_items_unioned') }}
where parent_ref is not null
