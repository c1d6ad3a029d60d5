-- One row per work item and pull request, commit, build or deployment whose text names the item's key, with where it
-- was named. A key counts only if an item bears it or bore it, so UTF-8 and CVE-2024 are none. Spoken keys (PAY-12,
-- INC0010023) are looked for in all sources; owner/repo#12 and group/project#12 by that path; a bare #12 only among the
-- items of the text's own project and, in Azure DevOps, its own source; AB#12 among Azure DevOps' items. A key that is
-- more than one item's says nothing, unless just one of them is of the text's own source, or bears it today.
with pull_requests as (

    select * from {{ ref('int_pull_requests_unioned') }}

),

commits as (

    select * from {{ ref('int_commits_unioned') }}

),

builds as (

    select * from {{ ref('int_builds_unioned') }}

),

deployments as (

    select * from {{ ref('int_deployments_unioned') }}

),

items as (

    select
        work_item_id,
        source_id,
        native_id,
        item_key,
        project
    from {{ ref('int_items_unioned') }}

),

azure_sources as (

    select source_id
    from {{ ref('stg_portfolio__sources') }}
    where tool = 'azure_devops'

),

texts as (

    select
        'pull_request' as linked_kind,
        pull_request_id as linked_id,
        source_id,
        project,
        1 as place,
        'title' as found_in,
        title as text
    from pull_requests

    union all

    select
        'pull_request' as linked_kind,
        pull_request_id as linked_id,
        source_id,
        project,
        2 as place,
        'branch' as found_in,
        source_branch as text
    from pull_requests

    union all

    select
        'pull_request' as linked_kind,
        pull_request_id as linked_id,
        source_id,
        project,
        3 as place,
        'description' as found_in,
        body_keys as text
    from pull_requests

    union all

    select
        'pull_request' as linked_kind,
        pull_request_id as linked_id,
        source_id,
        project,
        4 as place,
        'commit message' as found_in,
        message_keys as text
    from commits
    where pull_request_id is not null

    union all

    select
        'commit' as linked_kind,
        source_id || ':' || commit_sha as linked_id,
        source_id,
        project,
        1 as place,
        'commit message' as found_in,
        message_keys as text
    from commits

    union all

    select
        'deployment' as linked_kind,
        deployment_id as linked_id,
        source_id,
        project,
        2 as place,
        'commit message' as found_in,
        message_keys as text
    from commits
    where deployment_id is not null

    union all

    select
        'deployment' as linked_kind,
        deployment_id as linked_id,
        source_id,
        project,
        1 as place,
        'branch or tag' as found_in,
        ref as text
    from deployments

    union all

    select
        'build' as linked_kind,
        build_id as linked_id,
        source_id,
        project,
        1 as place,
        'branch' as found_in,
        branch as text
    from builds

    union all

    select
        'build' as linked_kind,
        build_id as linked_id,
        source_id,
        project,
        2 as place,
        'title' as found_in,
        title as text
    from builds

),

-- Each form of a key is searched by itself; what follows the sign is compared as a whole word.
candidates as (

    select
        linked_kind,
        linked_id,
        source_id,
        project,
        place,
        found_in,
        'spoken' as form,
        upper({{ items_of(words_matching('text', "'[A-Za-z][A-Za-z0-9_]+-[0-9]+|[A-Za-z]{2,10}[0-9]{5,}'")) }}) as named
    from texts

    union all

    select
        linked_kind,
        linked_id,
        source_id,
        project,
        place,
        found_in,
        'path' as form,
        upper({{ items_of(words_matching('text', "'[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+#[0-9]+'")) }}) as named
    from texts

    union all

    select
        linked_kind,
        linked_id,
        source_id,
        project,
        place,
        found_in,
        'azure' as form,
        substring({{ items_of(words_matching('upper(text)', "'AB#[0-9]+'")) }}, 4) as named
    from texts

    union all

    select
        linked_kind,
        linked_id,
        source_id,
        project,
        place,
        found_in,
        'number' as form,
        {{ items_of(bare_numbers('text')) }} as named
    from texts

),

item_names as (

    select
        'spoken' as form,
        upper(item_key) as named,
        work_item_id,
        source_id,
        cast(null as varchar) as own_project,
        0 as is_alias
    from items

    union all

    select
        'path' as form,
        upper(item_key) as named,
        work_item_id,
        source_id,
        cast(null as varchar) as own_project,
        0 as is_alias
    from items

    union all

    select
        'number' as form,
        regexp_extract(items.item_key, '#([0-9]+)$', 1) as named,
        items.work_item_id,
        items.source_id,
        lower(regexp_replace(items.item_key, '#[0-9]+$', '')) as own_project,
        0 as is_alias
    from items
    where items.item_key like '%#%'

    union all

    select
        'number' as form,
        items.native_id as named,
        items.work_item_id,
        items.source_id,
        cast(null as varchar) as own_project,
        0 as is_alias
    from items
    inner join azure_sources on items.source_id = azure_sources.source_id

    union all

    select
        'azure' as form,
        items.native_id as named,
        items.work_item_id,
        items.source_id,
        cast(null as varchar) as own_project,
        0 as is_alias
    from items
    inner join azure_sources on items.source_id = azure_sources.source_id

    union all

    select distinct
        'spoken' as form,
        upper(changes.from_value) as named,
        items.work_item_id,
        items.source_id,
        cast(null as varchar) as own_project,
        1 as is_alias
    from {{ ref('int_item_changes_unioned') }} as changes
    inner join items on changes.work_item_id = items.work_item_id
    where changes.attribute = 'key'
        and changes.from_value <> items.item_key

),

found as (

    select distinct
        candidates.linked_kind,
        candidates.linked_id,
        candidates.place,
        candidates.found_in,
        candidates.form,
        candidates.named,
        item_names.work_item_id,
        item_names.is_alias * 2
        + case when item_names.source_id = candidates.source_id then 0 else 1 end as distance
    from candidates
    inner join item_names
        on candidates.form = item_names.form
        and candidates.named = item_names.named
    where candidates.form <> 'number'
        or (
            item_names.source_id = candidates.source_id
            and (item_names.own_project is null or item_names.own_project = lower(candidates.project))
        )

),

nearest as (

    select
        *,
        min(distance) over (partition by linked_kind, linked_id, form, named) as least_distance
    from found

),

certain as (

    select
        *,
        min(work_item_id) over (partition by linked_kind, linked_id, form, named) as first_item,
        max(work_item_id) over (partition by linked_kind, linked_id, form, named) as last_item
    from nearest
    where distance = least_distance

),

ranked as (

    select
        *,
        row_number() over (
            partition by work_item_id, linked_kind, linked_id order by place, form, named
        ) as place_of_evidence
    from certain
    where first_item = last_item

)

select
    work_item_id,
    linked_kind,
    linked_id,
    case form when 'number' then '#' when 'azure' then 'AB#' else '' end || named || ' in ' || found_in as evidence
from ranked
where place_of_evidence = 1
