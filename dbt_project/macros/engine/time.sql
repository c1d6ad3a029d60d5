{# Differences between engines in time arithmetic. An instant is a timestamp in UTC; a local time has no zone. #}

{% macro seconds_between(from_instant, to_instant) -%}
    {{ return(adapter.dispatch('seconds_between')(from_instant, to_instant)) }}
{%- endmacro %}

{% macro default__seconds_between(from_instant, to_instant) -%}
    ((epoch_us({{ to_instant }}) - epoch_us({{ from_instant }})) / 1000000.0)
{%- endmacro %}

{% macro spark__seconds_between(from_instant, to_instant) -%}
    ((unix_micros({{ to_instant }}) - unix_micros({{ from_instant }})) / 1000000.0)
{%- endmacro %}


{# Elapsed days as a fraction; NULL where either end is missing or the end lies before the start. #}
{% macro elapsed_days(from_instant, to_instant) -%}
    case when {{ to_instant }} >= {{ from_instant }} then {{ seconds_between(from_instant, to_instant) }} / 86400.0 end
{%- endmacro %}


{# Sums that do not depend on the order of the rows: of whole microseconds. A sum of fractions differs in its last
   digits from run to run, and the same exports have to give the same tables. #}
{% macro sum_of_seconds(seconds) -%}
    (cast(sum(cast(round(({{ seconds }}) * 1000000.0) as bigint)) as double) / 1000000.0)
{%- endmacro %}

{% macro sum_of_days(days) -%}
    (cast(sum(cast(round(({{ days }}) * 86400000000.0) as bigint)) as double) / 86400000000.0)
{%- endmacro %}


{# The same in two steps, for sums that are summed again: whole microseconds, and days from them. #}
{% macro microseconds_of_days(days) -%}
    cast(round(({{ days }}) * 86400000000.0) as bigint)
{%- endmacro %}

{% macro days_of_microseconds(microseconds) -%}
    (cast({{ microseconds }} as double) / 86400000000.0)
{%- endmacro %}


{% macro local_time(instant, timezone) -%}
    {{ return(adapter.dispatch('local_time')(instant, timezone)) }}
{%- endmacro %}

{% macro default__local_time(instant, timezone) -%}
    timezone({{ timezone }}, {{ instant }})
{%- endmacro %}

{% macro spark__local_time(instant, timezone) -%}
    from_utc_timestamp({{ instant }}, {{ timezone }})
{%- endmacro %}


{% macro local_date(instant, timezone) -%}
    cast({{ local_time(instant, timezone) }} as date)
{%- endmacro %}


{# The instant at which a local day begins. #}
{% macro start_of_day(day, timezone) -%}
    {{ return(adapter.dispatch('start_of_day')(day, timezone)) }}
{%- endmacro %}

{% macro default__start_of_day(day, timezone) -%}
    timezone({{ timezone }}, cast({{ day }} as timestamp))
{%- endmacro %}

{% macro spark__start_of_day(day, timezone) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), {{ timezone }})
{%- endmacro %}


{# Days from one date to another, as a whole number. #}
{% macro days_from(from_day, to_day) -%}
    {{ return(adapter.dispatch('days_from')(from_day, to_day)) }}
{%- endmacro %}

{% macro default__days_from(from_day, to_day) -%}
    ({{ to_day }} - {{ from_day }})
{%- endmacro %}

{% macro spark__days_from(from_day, to_day) -%}
    datediff({{ to_day }}, {{ from_day }})
{%- endmacro %}


{# The inclusive count of calendar days, as metrics.md defines it: the same day counts 1. #}
{% macro calendar_days(from_day, to_day) -%}
    case when {{ to_day }} >= {{ from_day }} then cast({{ days_from(from_day, to_day) }} + 1 as integer) end
{%- endmacro %}


{% macro plus_days(day, n) -%}
    {{ return(adapter.dispatch('plus_days')(day, n)) }}
{%- endmacro %}

{% macro default__plus_days(day, n) -%}
    ({{ day }} + cast({{ n }} as integer))
{%- endmacro %}

{% macro spark__plus_days(day, n) -%}
    date_add({{ day }}, cast({{ n }} as int))
{%- endmacro %}


{# A local time on the clock of a location: its own zone's, or as it is where the location has none. #}
{% macro location_time(time_of_stream, instant, location_timezone) -%}
    case
        when {{ location_timezone }} is null then {{ time_of_stream }}
        else {{ local_time(instant, location_timezone) }}
    end
{%- endmacro %}


{# Hours since midnight of a local time, as a fraction. #}
{% macro hours_of_day(local_time) -%}
    (
        extract(hour from {{ local_time }}) + extract(minute from {{ local_time }}) / 60.0
        + extract(second from {{ local_time }}) / 3600.0
    )
{%- endmacro %}


{# Working hours since the calendar began, at a local time: the difference of two of these is a duration.
   `day` is a joined row of stg_portfolio__working_days for the location and local date, `hours` the location's row of
   stg_portfolio__hours. #}
{% macro working_hours_at(day, local_time, hours) -%}
    (
        {{ day }}.working_hours_before
        + least(
            greatest({{ hours_of_day(local_time) }} - {{ hours }}.day_start_hour, 0.0),
            {{ day }}.working_hours
        )
    )
{%- endmacro %}
