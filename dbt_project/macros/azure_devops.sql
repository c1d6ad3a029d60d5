{#
  Words of Azure DevOps in Weir's vocabulary.
  Belongs here: expressions over one value that several models of this tool share.
#}

{# Queue, active or done: by the category of a state. Resolved work is built and not yet verified: Azure Boards' own
   cycle time runs on through it and ends in Completed, so it is active. #}
{% macro azure_devops_stage_kind(category) -%}
    case lower({{ category }})
        when 'proposed' then 'queue'
        when 'inprogress' then 'active'
        when 'resolved' then 'active'
        when 'completed' then 'done'
        when 'removed' then 'done'
    end
{%- endmacro %}


{# The category of a state in the processes that Azure DevOps is delivered with (Agile, Basic, CMMI, Scrum), for exports
   that do not list the states; NULL for a state of a process of its own. #}
{% macro azure_devops_default_category(state) -%}
    case
        when lower({{ state }}) in ('new', 'proposed', 'to do', 'approved') then 'Proposed'
        when lower({{ state }}) in ('active', 'committed', 'in progress', 'doing') then 'InProgress'
        when lower({{ state }}) = 'resolved' then 'Resolved'
        when lower({{ state }}) in ('closed', 'done') then 'Completed'
        when lower({{ state }}) = 'removed' then 'Removed'
    end
{%- endmacro %}


{# Tags as lines: 'a; b' is two of them. #}
{% macro azure_devops_labels(tags) -%}
    nullif(replace(replace(trim({{ tags }}), '; ', ';'), ';', chr(10)), '')
{%- endmacro %}


{# A flag that is set; a yes/no field that says no is not. #}
{% macro azure_devops_flag(value) -%}
    case when lower(trim({{ value }})) not in ('', 'no', 'false', '0') then {{ value }} end
{%- endmacro %}


{# Text searched for keys of items: within Azure DevOps `#12` names the work item that is `AB#12` elsewhere. #}
{% macro azure_devops_key_text(text) -%}
    {{ return(adapter.dispatch('azure_devops_key_text')(text)) }}
{%- endmacro %}

{% macro default__azure_devops_key_text(text) -%}
    regexp_replace({{ text }}, '(^|[^A-Za-z0-9_/&])#([0-9]+)', '\1AB#\2', 'g')
{%- endmacro %}

{% macro spark__azure_devops_key_text(text) -%}
    regexp_replace({{ text }}, '(^|[^A-Za-z0-9_/&])#([0-9]+)', '$1AB#$2')
{%- endmacro %}


{# An area path and all above it: 'A\B\C' is also in 'A\B' and in 'A'. #}
{% macro azure_devops_path_with_ancestors(path) -%}
    {{ return(adapter.dispatch('azure_devops_path_with_ancestors')(path)) }}
{%- endmacro %}

{% macro default__azure_devops_path_with_ancestors(path) -%}
    list_transform(
        range(1, len(string_split({{ path }}, chr(92))) + 1),
        lambda depth: array_to_string(string_split({{ path }}, chr(92))[1:depth], chr(92))
    )
{%- endmacro %}

{% macro spark__azure_devops_path_with_ancestors(path) -%}
    transform(
        sequence(1, size(split({{ path }}, '\\\\'))),
        depth -> array_join(slice(split({{ path }}, '\\\\'), 1, depth), '\\')
    )
{%- endmacro %}


{# What a link type means, seen from the item that has it: Forward names what is below, after or a copy of it. #}
{% macro azure_devops_relation(link_type) -%}
    case lower({{ link_type }})
        when 'system.linktypes.hierarchy-forward' then 'child'
        when 'system.linktypes.hierarchy-reverse' then 'parent'
        when 'system.linktypes.dependency-forward' then 'blocks'
        when 'system.linktypes.dependency-reverse' then 'blocked_by'
        when 'system.linktypes.duplicate-forward' then 'duplicated_by'
        when 'system.linktypes.duplicate-reverse' then 'duplicates'
        else 'relates'
    end
{%- endmacro %}


{# How a run ended, in one vocabulary. A run that only partly succeeded is neither a success nor a failure. #}
{% macro azure_devops_result(raw_result) -%}
    case lower({{ raw_result }})
        when 'succeeded' then 'success'
        when 'succeededwithissues' then 'success'
        when 'failed' then 'failure'
        when 'canceled' then 'cancelled'
        when 'cancelled' then 'cancelled'
        when 'abandoned' then 'cancelled'
        when 'inprogress' then 'running'
        when 'notstarted' then 'running'
        when 'postponed' then 'running'
        when 'cancelling' then 'running'
        when 'queued' then 'running'
        else 'other'
    end
{%- endmacro %}


{# A list of the one value that a field holds; empty without one. #}
{% macro azure_devops_list_of_one(value) -%}
    {{ return(adapter.dispatch("azure_devops_list_of_one")(value)) }}
{%- endmacro %}

{% macro default__azure_devops_list_of_one(value) -%}
    list_filter([cast({{ value }} as varchar)], lambda one: one <> '')
{%- endmacro %}

{% macro spark__azure_devops_list_of_one(value) -%}
    filter(array(cast({{ value }} as string)), one -> one <> '')
{%- endmacro %}
