-- One row per finding of a run; a scanner may report one finding at several places, which is one finding. What passed
-- or did not apply is no finding.
with ranked as (

    select
        *,
        try_cast(security_severity as double) as score,
        array_to_string(tags, chr(10)) as tag_lines,
        row_number() over (
            partition by source_id, export_file, run_number, fingerprint, rule_id order by result_number
        ) as place
    from {{ source('raw_sarif', 'results') }}
    where kind in ('fail', 'open', 'review')

)

select
    source_id,
    export_file,
    run_number,
    coalesce(rule_id, '') || ':' || md5(fingerprint) as finding_key,
    file_path as component,
    rule_id as rule,
    coalesce(
        {{ severity_of_score('score') }},
        case level when 'error' then 'high' when 'warning' then 'medium' when 'note' then 'low' else 'info' end
    ) as severity,
    coalesce(security_severity, level) as raw_severity,
    case
        when {{ is_safety_rule('tag_lines') }} then 'safety'
        when score is not null or contains(lower(tag_lines), 'security') then 'vulnerability'
        when level = 'error' then 'bug'
        else 'debt'
    end as finding_type,
    coalesce(is_suppressed, false) as is_suppressed,
    coalesce(baseline_state = 'absent', false) as is_absent,
    first_detected as first_detected_at
from ranked
where place = 1
