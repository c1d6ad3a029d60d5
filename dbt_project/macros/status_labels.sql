{# Stages kept as labels (GitHub, GitLab): from adding and removing labels, closing and reopening to changes of a
   status. Belongs here: which label counts at a moment. Which labels are a status at all is the portfolio's to say; use
   `matches_a_pattern(label, status_labels)` on what goes in.

   `status_changes_by_labels(items, events)` is a whole select, for use as `x as ({{ ... }})`.
   items (a CTE or relation): work_item_id, created_at. One row per item.
   events: work_item_id, event_at, event_number, event_position, event_key, action, label, scope. One row per event.
     event_number, event_position, event_key: the tool's own order within a second, NULLs last; numbers of different
       series that cannot be compared have to be NULL.
     action: 'added' and 'removed' of a label that is a status; 'closed' and 'reopened' (label NULL); 'present' for a
       label that the item bears although no event tells since when: it counts as there from birth (event_at NULL).
     scope: of two labels with the same scope an item bears one; adding one takes the other away, whether or not the
       tool writes that down. NULL: a label that stands beside others.
   Result: work_item_id, event_key, event_number, event_position, event_at, status_from, status_to. One row per change
     of status, and one per item for its birth: event_key and status_from NULL, event_at = created_at.

   'closed' while the item is closed, whatever its labels; else the label added most recently of those it bears now;
   'open' without one. A label removed without having been added, and a reopening without a closing before it, show
   that the history begins late: the label was there, the item was closed, from birth. Labels added within a second of
   creation are those it was born with (tools stamp both within one request). A label that is taken away in the very
   second in which another one is added is replaced by it: no moment without a label, or with an older one, in between.
#}
{% macro status_changes_by_labels(items, events) -%}
    with ordered as (

        select
            events.*,
            row_number() over (
                partition by events.work_item_id
                order by
                    events.event_at, events.event_number nulls last, events.event_position nulls last, events.event_key
            ) as place
        from {{ events }} as events
        where events.action <> 'present'

    ),

    born_with as (

        select
            work_item_id,
            label,
            scope
        from {{ events }}
        where action = 'present'

        union

        select
            work_item_id,
            label,
            scope
        from (
            select
                *,
                row_number() over (partition by work_item_id, label order by place) as place_of_label
            from ordered
            where action in ('added', 'removed')
        ) as label_events
        where place_of_label = 1
            and action = 'removed'

    ),

    additions as (

        select
            work_item_id,
            label,
            scope,
            cast(0 as bigint) as first_place
        from born_with

        union all

        select
            work_item_id,
            label,
            scope,
            place as first_place
        from ordered
        where action = 'added'

    ),

    borne as (

        select
            additions.work_item_id,
            additions.label,
            additions.first_place,
            min(ordered.place) as end_place
        from additions
        left join ordered
            on additions.work_item_id = ordered.work_item_id
            and ordered.place > additions.first_place
            and (
                (ordered.action in ('added', 'removed') and additions.label = ordered.label)
                or (ordered.action = 'added' and additions.scope = ordered.scope)
            )
        group by additions.work_item_id, additions.label, additions.first_place

    ),

    moments as (

        select
            items.work_item_id,
            items.created_at,
            items.created_at as event_at,
            cast(null as bigint) as event_number,
            cast(null as bigint) as event_position,
            cast(null as varchar) as event_key,
            'born' as action,
            case first_states.action when 'reopened' then 'closed' else 'reopened' end as state_action,
            cast(0 as bigint) as place
        from {{ items }} as items
        left join (
            select
                work_item_id,
                action,
                row_number() over (partition by work_item_id order by place) as state_number
            from ordered
            where action in ('closed', 'reopened')
        ) as first_states
            on items.work_item_id = first_states.work_item_id
            and first_states.state_number = 1

        union all

        select
            items.work_item_id,
            items.created_at,
            ordered.event_at,
            ordered.event_number,
            ordered.event_position,
            ordered.event_key,
            ordered.action,
            case when ordered.action in ('closed', 'reopened') then ordered.action end as state_action,
            ordered.place
        from ordered
        inner join {{ items }} as items on ordered.work_item_id = items.work_item_id

    ),

    labelled as (

        select
            moments.*,
            {{ last_known('moments.state_action', 'partition by moments.work_item_id order by moments.place') }}
                as state_in_force,
            max(case when moments.action = 'added' then moments.place end) over (
                partition by moments.work_item_id, moments.event_at
            ) as last_addition_of_instant,
            in_force.label
        from moments
        left join (
            select
                moments.work_item_id,
                moments.place,
                borne.label,
                row_number() over (
                    partition by moments.work_item_id, moments.place order by borne.first_place desc, borne.label
                ) as recency
            from moments
            inner join borne
                on moments.work_item_id = borne.work_item_id
                and moments.place >= borne.first_place
                and (borne.end_place is null or moments.place < borne.end_place)
        ) as in_force
            on moments.work_item_id = in_force.work_item_id
            and moments.place = in_force.place
            and in_force.recency = 1

    ),

    statuses as (

        select
            *,
            case when state_in_force = 'closed' then 'closed' else coalesce(label, 'open') end as status,
            action = 'born'
            or (
                action in ('added', 'removed')
                and state_in_force <> 'closed'
                and {{ seconds_between('created_at', 'event_at') }} <= 1
            ) as is_at_birth
        from labelled
        where not (action = 'removed' and coalesce(last_addition_of_instant, 0) > place)

    ),

    lives as (

        select
            *,
            row_number() over (partition by work_item_id, is_at_birth order by place desc) as recency_of_birth
        from statuses

    ),

    runs as (

        select
            *,
            lag(status) over (partition by work_item_id order by place) as status_from
        from lives
        where not is_at_birth
            or recency_of_birth = 1

    )

    select
        work_item_id,
        case when status_from is not null then event_key end as event_key,
        case when status_from is not null then event_number end as event_number,
        case when status_from is not null then event_position end as event_position,
        case when status_from is null then created_at else event_at end as event_at,
        status_from,
        status as status_to
    from runs
    where status_from is null
        or status_from <> status
{%- endmacro %}


{# The status that an item's own newest export shows, as a whole select: work_item_id, status_name.
   items: work_item_id, is_closed. labels: work_item_id, label: those the item bears now that are a status, one row each.
   events: as above; of several labels the one added last counts. #}
{% macro status_now_by_labels(items, labels, events) -%}
    with added as (

        select
            work_item_id,
            label,
            row_number() over (
                partition by work_item_id
                order by event_at, event_number nulls last, event_position nulls last, event_key
            ) as place
        from {{ events }}
        where action = 'added'

    ),

    ranked as (

        select
            labels.work_item_id,
            labels.label,
            row_number() over (
                partition by labels.work_item_id order by max(added.place) desc nulls last, labels.label
            ) as recency
        from {{ labels }} as labels
        left join added
            on labels.work_item_id = added.work_item_id
            and labels.label = added.label
        group by labels.work_item_id, labels.label

    )

    select
        items.work_item_id,
        case when items.is_closed then 'closed' else coalesce(ranked.label, 'open') end as status_name
    from {{ items }} as items
    left join ranked
        on items.work_item_id = ranked.work_item_id
        and ranked.recency = 1
{%- endmacro %}


{# The set of labels before and after each event, as a whole select: the columns of events, labels_from, labels_to
   (lines in alphabetical order, NULL for none).
   events: work_item_id, event_at, event_number, event_position, event_key, action ('added', 'removed' or 'present'),
   label, for all labels of an item, not only those that are a status. #}
{% macro label_sets_by_events(events) -%}
    with ordered as (

        select
            events.*,
            row_number() over (
                partition by events.work_item_id
                order by
                    events.event_at, events.event_number nulls last, events.event_position nulls last, events.event_key
            ) as place
        from {{ events }} as events
        where events.action in ('added', 'removed')

    ),

    spans as (

        select
            work_item_id,
            label,
            action,
            place,
            lead(place) over (partition by work_item_id, label order by place) as end_place,
            row_number() over (partition by work_item_id, label order by place) as place_of_label
        from ordered

    ),

    borne as (

        select
            work_item_id,
            label,
            place as first_place,
            end_place
        from spans
        where action = 'added'

        union all

        select
            work_item_id,
            label,
            cast(0 as bigint) as first_place,
            place as end_place
        from spans
        where action = 'removed'
            and place_of_label = 1

        union all

        select distinct
            work_item_id,
            label,
            cast(0 as bigint) as first_place,
            cast(null as bigint) as end_place
        from {{ events }}
        where action = 'present'

    ),

    sets as (

        select
            ordered.work_item_id,
            ordered.place,
            {{ joined_lines(
                'case when ordered.place > borne.first_place and ordered.place <= coalesce(borne.end_place, '
                ~ 'ordered.place) then borne.label end'
            ) }} as labels_from,
            {{ joined_lines(
                'case when ordered.place >= borne.first_place and ordered.place < coalesce(borne.end_place, '
                ~ 'ordered.place + 1) then borne.label end'
            ) }} as labels_to
        from ordered
        left join borne on ordered.work_item_id = borne.work_item_id
        group by ordered.work_item_id, ordered.place

    )

    select
        ordered.*,
        nullif(sets.labels_from, '') as labels_from,
        nullif(sets.labels_to, '') as labels_to
    from ordered
    inner join sets
        on ordered.work_item_id = sets.work_item_id
        and ordered.place = sets.place
{%- endmacro %}
