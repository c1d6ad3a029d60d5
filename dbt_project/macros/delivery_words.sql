{# How delivery and quality tools word things, in the words of Weir's vocabulary. Plain SQL that every engine takes. #}

{# The outcome of a build, stage or deployment. An unstable build (tests failed, the build went on) is neither. #}
{% macro delivery_result(raw_result) -%}
    case
        when lower({{ raw_result }}) in (
            'success', 'succeeded', 'successful', 'passed', 'ok', 'true', 'completed', 'complete', 'done'
        ) then 'success'
        when lower({{ raw_result }}) in (
            'failure', 'failed', 'error', 'errored', 'false', 'broken', 'timed_out', 'timeout', 'rolled_back', 'rolled back'
        ) then 'failure'
        when lower({{ raw_result }}) in (
            'cancelled', 'canceled', 'aborted', 'stopped', 'skipped', 'not_built', 'not_executed'
        ) then 'cancelled'
        when lower({{ raw_result }}) in (
            'running', 'in_progress', 'in progress', 'pending', 'queued', 'started', 'paused_pending_input'
        ) then 'running'
        else 'other'
    end
{%- endmacro %}


{# owner/repo of a repository's address, whether https://host/owner/repo.git or git@host:owner/repo.git. #}
{% macro repository_path(address) -%}
    nullif(
        regexp_replace(
            regexp_replace({{ address }}, '^([a-z+]+://([^/@]*@)?[^/]+/|[^@/]+@[^:/]+:)', ''),
            '([.]git)?/*$',
            ''
        ),
        ''
    )
{%- endmacro %}


{# Does a rule's tag (lines of a text) name a standard or rule set of functional safety? SEI CERT is one of security,
   and some analysers tag half their rules with it, so it is none here. #}
{% macro is_safety_rule(tags) -%}
    coalesce(
        regexp_extract(
            lower({{ tags }}),
            '(^|[^a-z])(misra|autosar|iso[-_ ]?26262|iec[-_ ]?61508|iec[-_ ]?62304|iec[-_ ]?61511|en[-_ ]?5012[89]'
            || '|do[-_ ]?178[bc]?|jsf[-_ ]?av|safety|functional[-_ ]safety)([^a-z]|$)',
            2
        ) <> '',
        false
    )
{%- endmacro %}


{# A severity by the score of CVSS v3 (FIRST's qualitative scale); NULL without a score. #}
{% macro severity_of_score(score) -%}
    case
        when {{ score }} >= 9.0 then 'critical'
        when {{ score }} >= 7.0 then 'high'
        when {{ score }} >= 4.0 then 'medium'
        when {{ score }} > 0.0 then 'low'
        when {{ score }} = 0.0 then 'info'
    end
{%- endmacro %}


{# Minutes of an effort written as 1d2h30min, a day of 8 hours as SonarQube counts it; NULL for what is no effort. #}
{% macro effort_minutes(effort) -%}
    case
        when regexp_extract(replace({{ effort }}, ' ', ''), '^([0-9]+d)?([0-9]+h)?([0-9]+min)?$', 0) <> ''
            then cast(
                coalesce(cast(nullif(regexp_extract({{ effort }}, '([0-9]+)d', 1), '') as bigint), 0) * 480
                + coalesce(cast(nullif(regexp_extract({{ effort }}, '([0-9]+)h', 1), '') as bigint), 0) * 60
                + coalesce(cast(nullif(regexp_extract({{ effort }}, '([0-9]+)min', 1), '') as bigint), 0)
                as double
            )
    end
{%- endmacro %}


{# Elapsed hours as a fraction; NULL where either end is missing or the end lies before the start. #}
{% macro elapsed_hours(from_instant, to_instant) -%}
    case
        when {{ to_instant }} >= {{ from_instant }} then {{ seconds_between(from_instant, to_instant) }} / 3600.0
    end
{%- endmacro %}


{# A moment of a fact, unless it lies after as_of: a refresh of an earlier as_of shows things as they were. #}
{% macro known_at_as_of(instant) -%}
    case when {{ instant }} <= refresh.as_of then {{ instant }} end
{%- endmacro %}


{# Key of a measure: source, project, metric and moment. #}
{% macro quality_measure_id() -%}
    source_id || ':' || coalesce(project, '') || ':' || metric || ':' || cast(measured_at as varchar)
{%- endmacro %}
