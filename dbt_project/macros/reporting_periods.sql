{# Weeks, months and increments (with_days: days too) with their first and last day: what a period is, for every mart
   that has periods. #}
{% macro reporting_periods(with_days=false) %}
    {%- if with_days %}
    select distinct
        'day' as period_type,
        cast(calendar_date as varchar) as period_id,
        calendar_date as period_start,
        calendar_date as period_end
    from {{ ref('dim_dates') }}

    union all
    {% endif %}
    select distinct
        'week' as period_type,
        cast(iso_week_start as varchar) as period_id,
        iso_week_start as period_start,
        {{ plus_days('iso_week_start', 6) }} as period_end
    from {{ ref('dim_dates') }}

    union all

    select
        'month' as period_type,
        substring(cast(month_start as varchar), 1, 7) as period_id,
        month_start as period_start,
        max(calendar_date) as period_end
    from {{ ref('dim_dates') }}
    group by month_start

    union all

    select
        'increment' as period_type,
        increment_id as period_id,
        start_date as period_start,
        end_date as period_end
    from {{ ref('dim_increments') }}
{% endmacro %}
