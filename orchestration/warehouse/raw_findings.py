"""Statements behind the findings on ``raw_jira``: what was examined, and which rows offend.

Each entry: finding name to (scalar query of the rows examined, query yielding one ``example`` text per offending row).
Meanings and severities are declared in ``checks.measures.raw`` and ``checks.suites``.
"""

# Computed once, because nearly every finding asks for them: tables of the connection, by name.
RAW_JIRA_TABLES: dict[str, str] = {
    "newest_issues": """
        select source_id, issue_id, issue_key, issue_type, is_subtask, created, updated, n_histories_announced,
            n_histories_embedded
        from raw_jira.issues qualify row_number() over (
            partition by source_id, issue_id
            order by updated desc nulls last, exported_at desc, export_file desc) = 1""",
    "changed_issues": """
        select source_id, issue_ref, min(changed) as first_changed from raw_jira.issue_changes group by all""",
    "status_moves": """
        select source_id, from_id, from_value, to_id, to_value, count(*) as n
        from raw_jira.issue_changes where lower(field) = 'status' group by all""",
    "issue_statuses": """
        select source_id, status_id, status_name, status_category, count(distinct issue_id) as n
        from raw_jira.issues group by all""",
    "status_names": """
        select distinct source_id, name from (
            select source_id, trim(status_name) as name from issue_statuses
            union all
            select source_id, trim(unnest([from_value, to_value])) from status_moves
        ) where coalesce(name, '') <> ''""",
    # A renamed status keeps its id, so the name it has today may be the mapped one.
    "unmapped_statuses": """
        with names_today as (
            select distinct named.source_id, named.name, lower(trim(today.status_name)) as name_today
            from (
                select source_id, trim(status_name) as name, status_id from issue_statuses
                union
                select source_id, trim(to_value), to_id from status_moves
                union
                select source_id, trim(from_value), from_id from status_moves
            ) as named
            inner join (
                select source_id, status_id, status_name from raw_jira.statuses
                union
                select source_id, status_id, status_name from issue_statuses
            ) as today using (source_id, status_id)
        ),
        unmapped as (
            select source_id, name from status_names as statuses
            where not exists (
                select 1 from raw_portfolio.stage_statuses as mapped
                where lower(trim(mapped.status)) = lower(statuses.name)
                    or lower(trim(mapped.status)) in (
                        select name_today from names_today as today
                        where today.source_id = statuses.source_id and today.name = statuses.name
                    )
            )
        )
        select unmapped.source_id, unmapped.name, count(distinct bearers.ref) as n_issues
        from unmapped
        inner join (
            select source_id, trim(status_name) as name, issue_id as ref from raw_jira.issues
            where trim(status_name) in (select name from unmapped)
            union all
            select source_id, trim(from_value), issue_ref from raw_jira.issue_changes
            where lower(field) = 'status' and trim(from_value) in (select name from unmapped)
            union all
            select source_id, trim(to_value), issue_ref from raw_jira.issue_changes
            where lower(field) = 'status' and trim(to_value) in (select name from unmapped)
        ) as bearers using (source_id, name)
        group by all""",
}

RAW_JIRA_FINDINGS: dict[str, tuple[str, str]] = {
    # Only what comes twice is grouped with its names: texts of a million groups of one would take longer than the rest.
    "issue_key_of_two_issues": (
        "select count(distinct (source_id, issue_key)) from newest_issues",
        """select source_id || ':' || issue_key || ' (' || string_agg(issue_id, ', ' order by issue_id) || ')'
                as example
            from newest_issues
            where (source_id, issue_key) in (
                select (source_id, issue_key) from newest_issues group by source_id, issue_key having count(*) > 1)
            group by source_id, issue_key having count(distinct issue_id) > 1""",
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
            from (select *, max(updated) over (partition by source_id, issue_id) as newest from raw_jira.issues
                where (source_id, issue_id) in (
                    select (source_id, issue_id) from raw_jira.issues group by source_id, issue_id
                    having count(*) > 1))
            where updated = newest group by source_id, issue_id
            having count(distinct (status_name, issue_key, coalesce(resolution, ''))) > 1""",
    ),
    "updated_before_created": (
        "select count(updated) from newest_issues",
        """select source_id || ':' || issue_key || ' (' || updated || ', ' || created || ')' as example
            from newest_issues where updated < created""",
    ),
    "changelog_missing": (
        "select count(*) from newest_issues",
        """select issues.source_id || ':' || issues.issue_key as example from newest_issues as issues
            where n_histories_announced is null and n_histories_embedded is null
                and not exists (select 1 from changed_issues as changes
                    where changes.source_id = issues.source_id and changes.issue_ref = issues.issue_id)
                and not exists (select 1 from changed_issues as changes
                    where changes.source_id = issues.source_id and changes.issue_ref = issues.issue_key)""",
    ),
    # An issue that brought as many entries as it announces, none of them refused, has them all: others are counted.
    "changelog_truncated": (
        "select count(n_histories_announced) from newest_issues",
        """with suspected as (
                select source_id, issue_id, issue_key, n_histories_announced from newest_issues
                where n_histories_announced > coalesce(n_histories_embedded, 0)
                    or issue_key in (select record_key from quality.quarantined_records)
            ),
            histories as (
                select distinct suspected.source_id, suspected.issue_id,
                    coalesce(history_id, changed || '#' || history_position) as history
                from raw_jira.issue_changes as changes
                inner join (
                    select *, issue_id as ref from suspected union all select *, issue_key from suspected
                ) as suspected on suspected.source_id = changes.source_id and suspected.ref = changes.issue_ref
            ),
            known as (select source_id, issue_id, count(*) as n from histories group by all)
            select suspected.source_id || ':' || issue_key || ' (' || coalesce(known.n, 0) || ' of '
                || n_histories_announced || ')' as example
            from suspected left join known using (source_id, issue_id)
            where n_histories_announced > coalesce(known.n, 0)""",
    ),
    "change_without_issue": (
        "select count(*) from changed_issues",
        """select changes.source_id || ':' || coalesce(changes.issue_ref, '?') as example
            from changed_issues as changes
            where not exists (select 1 from raw_jira.issues as issues
                    where issues.source_id = changes.source_id and issues.issue_id = changes.issue_ref)
                and not exists (select 1 from raw_jira.issues as issues
                    where issues.source_id = changes.source_id and issues.issue_key = changes.issue_ref)""",
    ),
    "change_before_creation": (
        "select count(*) from raw_jira.issue_changes",
        """with early as (
                select issues.* from newest_issues as issues
                inner join changed_issues as changed
                    on issues.source_id = changed.source_id and issues.issue_id = changed.issue_ref
                where changed.first_changed < issues.created
            )
            select source_id || ':' || issue_key || ' (' || changed || ', ' || created || ')' as example
            from (
                select distinct changes.source_id, early.issue_key, early.created, history_id, history_position,
                    changed, field, from_value, to_value
                from raw_jira.issue_changes as changes
                inner join early on early.source_id = changes.source_id and early.issue_id = changes.issue_ref
                where changed < early.created
            )""",
    ),
    "change_after_export": (
        "select count(*) from raw_jira.issue_changes",
        """select distinct source_id || ':' || issue_ref || ' (' || changed || ')' as example
            from raw_jira.issue_changes where changed > exported_at + interval 1 day""",
    ),
    "status_change_without_target": (
        "select coalesce(sum(n), 0)::bigint from status_moves",
        """select distinct source_id || ':' || issue_ref || ' (' || changed || ')' as example
            from raw_jira.issue_changes where lower(field) = 'status' and trim(coalesce(to_value, '')) = ''""",
    ),
    "status_unmapped": (
        "select count(*) from status_names",
        "select source_id || ':' || name || ' (' || n_issues || ' issues)' as example from unmapped_statuses",
    ),
    "status_without_category": (
        "select count(*) from status_names",
        """select source_id || ':' || name || ' (' || n_issues || ' issues)' as example
            from unmapped_statuses as unmapped
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
        "select count(distinct (source_id, issue_type)) from newest_issues where not is_subtask",
        """select source_id || ':' || coalesce(issue_type, '?') || ' (' || count(*) || ' issues)' as example
            from newest_issues as issues
            where not is_subtask and not exists (
                select 1 from raw_portfolio.work_type_rules as rules
                where (rules.item_type is null or lower(rules.item_type) = lower(issues.issue_type))
                    and (rules.source_id is null or rules.source_id = issues.source_id)
            ) group by source_id, issue_type""",
    ),
}
