{{ config(materialized='view') }}
-- Redmine's statuses in the vocabulary of all tools. Redmine knows open and closed: a closed status is done; an open
-- one is a queue where some tracker creates its issues in it (without a list of trackers: if it is the first open one
-- of the list), else active. A status that no list has is known from issues that are in it.
with listed as (

    select
        source_id,
        status_id,
        status_name,
        is_closed,
        position,
        1 as preference
    from {{ ref('stg_redmine__statuses') }}

    union all

    select
        source_id,
        status_id,
        max(status_name) as status_name,
        max(is_closed) as is_closed,
        try_cast(status_id as bigint) as position,
        2 as preference
    from {{ ref('stg_redmine__issues') }}
    where status_id is not null
    group by source_id, status_id

),

ranked as (

    select
        *,
        min(preference) over (partition by source_id) as preference_of_source,
        row_number() over (partition by source_id, status_id order by preference) as recency
    from listed

),

firsts as (

    select
        source_id,
        min(position) as position
    from ranked
    where preference = preference_of_source and not is_closed
    group by source_id

),

created_in as (

    select distinct
        source_id,
        default_status_id as status_id
    from {{ ref('stg_redmine__trackers') }}
    where default_status_id is not null

),

sources_with_trackers as (

    select distinct source_id from created_in

)

select
    ranked.source_id,
    ranked.status_id,
    ranked.status_name,
    case
        when ranked.is_closed then 'done'
        when ranked.is_closed is null then null
        when created_in.status_id is not null then 'queue'
        when sources_with_trackers.source_id is null and ranked.position = firsts.position then 'queue'
        else 'active'
    end as status_kind
from ranked
left join created_in
    on ranked.source_id = created_in.source_id
    and ranked.status_id = created_in.status_id
left join sources_with_trackers
    on ranked.source_id = sources_with_trackers.source_id
left join firsts
    on ranked.source_id = firsts.source_id
    and ranked.preference = ranked.preference_of_source
where ranked.recency = 1
