"""Statements behind the findings on ``raw_jira``: what was examined, and which rows offend.

Each entry: finding name to (scalar query of the rows examined, query yielding one ``example`` text per offending row).
Meanings and severities are declared in ``checks.measures.raw`` and ``checks.suites``.
"""

_NEWEST = """
    (select * from raw_jira.issues qualify row_number() over (
        partition by source_id, issue_id order by updated desc nulls last, exported_at desc, export_file desc) = 1)"""

_STATUSES = """
    (select source_id, name, count(distinct ref) as n_issues from (
        select source_id, trim(status_name) as name, issue_id as ref from raw_jira.issues
        union all
        select source_id, trim(unnest([from_value, to_value])), issue_ref
        from raw_jira.issue_changes where lower(field) = 'status'
    ) where coalesce(name, '') <> '' group by source_id, name)"""

# A renamed status keeps its id, so the name it has today may be the mapped one.
_NAMES_TODAY = """
    (select distinct named.source_id, named.name, lower(trim(today.status_name)) as name_today
    from (
        select source_id, trim(status_name) as name, status_id from raw_jira.issues
        union
        select source_id, trim(to_value), to_id from raw_jira.issue_changes where lower(field) = 'status'
        union
        select source_id, trim(from_value), from_id from raw_jira.issue_changes where lower(field) = 'status'
    ) as named
    inner join (
        select source_id, status_id, status_name from raw_jira.statuses
        union
        select source_id, status_id, status_name from raw_jira.issues
    ) as today using (source_id, status_id))"""

_UNMAPPED = f"""
    (select * from {_STATUSES} as statuses
    where not exists (
        select 1 from raw_portfolio.stage_statuses as mapped
        where lower(trim(mapped.status)) = lower(statuses.name)
            or lower(trim(mapped.status)) in (
                select name_today from {_NAMES_TODAY} as today
                where today.source_id = statuses.source_id and today.name = statuses.name
            )
    ))"""

_CHANGES = """
    (select distinct source_id, issue_ref, history_id, history_position, changed, field, from_value, to_value
    from raw_jira.issue_changes)"""

RAW_JIRA_FINDINGS: dict[str, tuple[str, str]] = {
    "issue_key_of_two_issues": (
        f"select count(distinct (source_id, issue_key)) from {_NEWEST}",
        f"""select source_id || ':' || issue_key || ' (' || string_agg(issue_id, ', ' order by issue_id) || ')'
                as example
            from {_NEWEST} group by source_id, issue_key having count(distinct issue_id) > 1""",
    ),
    "duplicate_issue_in_file": (
        "select count(*) from raw_jira.issues",
        """select source_id || ':' || issue_key || ' in ' || export_file as example
            from raw_jira.issues qualify row_number() over (
                partition by source_id, export_file, issue_id order by updated desc) > 1""",
    ),
    "conflicting_issue_versions": (
        "select count(distinct (source_id, issue_id)) from raw_jira.issues",
        """select source_id || ':' || max(issue_key) || ' (' || string_agg(distinct status_name, ', ') || ')' as example
            from (select *, max(updated) over (partition by source_id, issue_id) as newest from raw_jira.issues)
            where updated = newest group by source_id, issue_id
            having count(distinct (status_name, issue_key, coalesce(resolution, ''))) > 1""",
    ),
    "updated_before_created": (
        f"select count(updated) from {_NEWEST}",
        f"""select source_id || ':' || issue_key || ' (' || updated || ', ' || created || ')' as example
            from {_NEWEST} where updated < created""",
    ),
    "changelog_missing": (
        f"select count(*) from {_NEWEST}",
        f"""select issues.source_id || ':' || issues.issue_key as example from {_NEWEST} as issues
            where n_histories_announced is null and n_histories_embedded is null
                and not exists (select 1 from raw_jira.issue_changes as changes
                    where changes.source_id = issues.source_id
                        and changes.issue_ref in (issues.issue_id, issues.issue_key))""",
    ),
    "changelog_truncated": (
        f"select count(n_histories_announced) from {_NEWEST}",
        f"""select issues.source_id || ':' || issues.issue_key || ' (' || coalesce(known.n, 0) || ' of '
                || issues.n_histories_announced || ')' as example
            from {_NEWEST} as issues
            left join (
                select source_id, ref, count(distinct coalesce(history_id, changed || '#' || history_position)) as n
                from (
                    select changes.*, coalesce(by_key.issue_id, changes.issue_ref) as ref
                    from raw_jira.issue_changes as changes
                    left join {_NEWEST} as by_key
                        on by_key.source_id = changes.source_id and by_key.issue_key = changes.issue_ref
                ) group by source_id, ref
            ) as known on known.source_id = issues.source_id and known.ref = issues.issue_id
            where issues.n_histories_announced > coalesce(known.n, 0)""",
    ),
    "change_without_issue": (
        "select count(distinct (source_id, issue_ref)) from raw_jira.issue_changes",
        """select distinct changes.source_id || ':' || coalesce(changes.issue_ref, '?') as example
            from raw_jira.issue_changes as changes
            where not exists (select 1 from raw_jira.issues as issues
                    where issues.source_id = changes.source_id and issues.issue_id = changes.issue_ref)
                and not exists (select 1 from raw_jira.issues as issues
                    where issues.source_id = changes.source_id and issues.issue_key = changes.issue_ref)""",
    ),
    "change_before_creation": (
        f"select count(*) from {_CHANGES}",
        f"""select changes.source_id || ':' || issues.issue_key || ' (' || changed || ', ' || created || ')' as example
            from {_CHANGES} as changes
            inner join {_NEWEST} as issues
                on issues.source_id = changes.source_id and issues.issue_id = changes.issue_ref
            where changed < created""",
    ),
    "change_after_export": (
        f"select count(*) from {_CHANGES}",
        """select distinct source_id || ':' || issue_ref || ' (' || changed || ')' as example
            from raw_jira.issue_changes where changed > exported_at + interval 1 day""",
    ),
    "status_change_without_target": (
        f"select count(*) from {_CHANGES} where lower(field) = 'status'",
        f"""select source_id || ':' || issue_ref || ' (' || changed || ')' as example
            from {_CHANGES} where lower(field) = 'status' and trim(coalesce(to_value, '')) = ''""",
    ),
    "status_unmapped": (
        f"select count(*) from {_STATUSES}",
        f"select source_id || ':' || name || ' (' || n_issues || ' issues)' as example from {_UNMAPPED}",
    ),
    "status_without_category": (
        f"select count(*) from {_STATUSES}",
        f"""select source_id || ':' || name || ' (' || n_issues || ' issues)' as example from {_UNMAPPED} as unmapped
            where not exists (
                select 1 from (
                    select source_id, status_name, status_category from raw_jira.statuses
                    union
                    select source_id, status_name, status_category from raw_jira.issues
                ) as known
                where known.source_id = unmapped.source_id and known.status_category is not null
                    and lower(trim(known.status_name)) = lower(unmapped.name)
            )""",
    ),
    "type_unmapped": (
        f"select count(distinct (source_id, issue_type)) from {_NEWEST} where not is_subtask",
        f"""select source_id || ':' || coalesce(issue_type, '?') || ' (' || count(*) || ' issues)' as example
            from {_NEWEST} as issues
            where not is_subtask and not exists (
                select 1 from raw_portfolio.work_type_rules as rules
                where (rules.item_type is null or lower(rules.item_type) = lower(issues.issue_type))
                    and (rules.source_id is null or rules.source_id = issues.source_id)
            ) group by source_id, issue_type""",
    ),
}
