{{ config(materialized='view') }}
-- SonarQube's issues and security hotspots together.
{% set columns = [
    'finding_id', 'source_id', 'native_id', 'tool', 'project', 'component', 'rule', 'severity', 'raw_severity',
    'finding_type', 'status', 'resolution', 'opened_at', 'closed_at', 'effort_minutes'
] -%}
select {{ columns | join(', ') }}
from {{ ref('stg_sonarqube__issues') }}

union all

select {{ columns | join(', ') }}
from {{ ref('stg_sonarqube__hotspots') }}
