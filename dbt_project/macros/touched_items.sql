{#
  What an incremental refresh builds anew: rows of the items that something touched since the last one. Every model that
  is keyed by items forgets their rows in a hook and builds them again from what it reads, so that its table is the one a
  full build would give. `orchestration.warehouse.touched_items` writes the lists before dbt runs; DECISIONS.md says what
  touches an item.
#}

{# A condition on the rows that are built: all of them in a full build, and in a unit test, which has no table (`this`). #}
{% macro is_touched(work_item_id, touched='quality.touched_items') -%}
    {%- if this and is_incremental() -%}
    {{ work_item_id }} in (select touched.work_item_id from {{ touched }} as touched)
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}


{# As above for what a tool's exports call an item: its id, or any key it ever had. #}
{% macro is_touched_reference(source_id, reference) -%}
    {%- if this and is_incremental() -%}
    ({{ source_id }}, {{ reference }}) in (
        select
            touched.source_id,
            touched.reference
        from quality.touched_references as touched
    )
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}


{% macro forget_touched(touched='quality.touched_items') -%}
    {%- if this and is_incremental() -%}
    delete from {{ this }} where work_item_id in (select touched.work_item_id from {{ touched }} as touched)
    {%- endif -%}
{%- endmacro %}


{# Of a source whose tool cannot tell which of its items changed, all are touched: those it had and those it has now. #}
{% macro touch_items_of_touched_sources() -%}
    {%- if this and is_incremental() -%}
    insert into quality.touched_items
    select work_item_id
    from (
        select work_item_id from {{ this }}
        where source_id in (select touched.source_id from quality.touched_sources as touched)
        union
        select work_item_id from {{ ref('int_exported_items_unioned') }}
        where source_id in (select touched.source_id from quality.touched_sources as touched)
    ) as items
    where work_item_id not in (select touched.work_item_id from quality.touched_items as touched)
    {%- endif -%}
{%- endmacro %}


{#
  What follows from links, from the meaning of statuses and from the passing of time touches more items than those whose
  own exports changed: the ones that were open, those in a status that means something else now, and whoever is linked
  with one of them, two links far (an item is blocked by one that is the duplicate of a third).
#}
{% macro touch_what_follows(links, statuses, timelines) -%}
    {%- if this and is_incremental() -%}
    create or replace table quality.touched_with_links as
    with recursive pairs as (
        select work_item_id, linked_work_item_id from {{ links }}
        union
        select linked_work_item_id, work_item_id from {{ links }}
        union
        select work_item_id, linked_work_item_id from quality.links_before
        union
        select linked_work_item_id, work_item_id from quality.links_before
    ),

    changed_statuses as (
        (
            select * from {{ statuses }}
            except
            select * from quality.statuses_before
        )
        union
        (
            select * from quality.statuses_before
            except
            select * from {{ statuses }}
        )
    ),

    reached as (
        select work_item_id, 0 as distance
        from (
            select work_item_id from quality.touched_items
            union
            select work_item_id from quality.items_open_before
            union
            select timelines.work_item_id
            from {{ timelines }} as timelines
            inner join changed_statuses
                on timelines.source_id = changed_statuses.source_id
                and (
                    timelines.status_id = changed_statuses.status_id
                    or lower(trim(timelines.status)) = lower(trim(changed_statuses.status_name))
                )
        ) as touched

        union

        select
            pairs.linked_work_item_id as work_item_id,
            reached.distance + 1 as distance
        from reached
        inner join pairs on reached.work_item_id = pairs.work_item_id
        where reached.distance < 2
    )

    select distinct work_item_id from reached
    {%- endif -%}
{%- endmacro %}


{#
  An item's iterations are found by the names that its history and its newest export call them by: whoever calls one
  that names another iteration now, or none, is touched. A name is looked for as a part of the text, its project left
  out: that finds too many rather than too few.
#}
{% macro touch_what_calls_iterations(names, changes, items) -%}
    {%- if this and is_incremental() -%}
    create or replace table quality.touched_with_iterations as
    with changed_names as (
        select distinct
            source_id,
            regexp_replace(name, '^.*/', '') as called
        from (
            (select * from {{ names }} except select * from quality.iteration_names_before)
            union
            (select * from quality.iteration_names_before except select * from {{ names }})
        ) as changed
    ),

    calls as (
        select
            work_item_id,
            lower(concat_ws(chr(10), from_id, from_value, to_id, to_value)) as called
        from {{ changes }}
        where attribute = 'iteration'
        union all
        select
            work_item_id,
            lower(iteration_ref) as called
        from {{ items }}
        where iteration_ref is not null
    )

    select work_item_id from quality.touched_items
    union
    select calls.work_item_id
    from calls
    inner join {{ items }} as items on calls.work_item_id = items.work_item_id
    inner join changed_names
        on items.source_id = changed_names.source_id
        and contains(calls.called, changed_names.called)
    {%- endif -%}
{%- endmacro %}


{# An item's row tells of its family too, which changes without anything happening to the item itself. #}
{% macro touch_families(parents, ideas, children) -%}
    {%- if this and is_incremental() -%}
    create or replace table quality.touched_with_families as
    select work_item_id from quality.touched_with_links
    {%- for now, before in [
        (parents, 'quality.parents_before'), (ideas, 'quality.ideas_before'), (children, 'quality.children_before')
    ] %}
    union
    select work_item_id
    from (
        (select * from {{ now }} except select * from {{ before }})
        union
        (select * from {{ before }} except select * from {{ now }})
    ) as changed
    {%- endfor %}
    {%- endif -%}
{%- endmacro %}
