"""Measures of what was loaded: the exports of every source, ``raw_jira.*`` and ``raw_portfolio.*``.

Belongs here: what the frames contain, exactly enough to write their SQL. Does not belong here: what is expected of
them.
"""

from checks.measures.declaration import Finding, Measure, MeasureColumn, findings_measure

# Without these there is nothing to measure; the rest of raw_portfolio may be empty.
RAW_PORTFOLIO_TABLES = (
    "value_streams",
    "trains",
    "teams",
    "sources",
    "workflows",
    "workflow_scopes",
    "stages",
    "stage_statuses",
    "dates",
    "working_days",
    "hours",
    "membership_rules",
    "work_type_rules",
)

RAW_JIRA_FINDINGS = (
    Finding(
        "issue_key_of_two_issues",
        "raw_jira.issues",
        "distinct (source_id, issue_key) of the newest version of each (source_id, issue_id)",
        "keys that name more than one issue_id: the same issue would be counted twice",
        "source:key (ids)",
    ),
    Finding(
        "duplicate_issue_in_file",
        "raw_jira.issues",
        "rows of raw_jira.issues",
        "rows beyond the first of the same (source_id, export_file, issue_id): pages that overlap",
        "source:key in file",
    ),
    Finding(
        "conflicting_issue_versions",
        "raw_jira.issues",
        "distinct (source_id, issue_id)",
        "issues with two rows of the same newest `updated` but different status, key or resolution",
        "source:key (the statuses)",
    ),
    Finding(
        "updated_before_created",
        "raw_jira.issues",
        "newest version of each issue with `updated`",
        "those with updated < created",
        "source:key (updated, created)",
    ),
    Finding(
        "changelog_missing",
        "raw_jira.issues",
        "newest version of each issue",
        "those exported without a changelog element (n_histories_announced and n_histories_embedded NULL) and without "
        "changes from changelog pages",
        "source:key",
    ),
    Finding(
        "changelog_truncated",
        "raw_jira.issues",
        "newest version of each issue that announces its number of histories",
        "those for which fewer distinct histories were loaded (embedded and pages) than announced",
        "source:key (loaded of announced)",
    ),
    Finding(
        "change_without_issue",
        "raw_jira.issue_changes",
        "distinct (source_id, issue_ref)",
        "issue_refs that are neither id nor key of a loaded issue",
        "source:issue_ref",
    ),
    Finding(
        "change_before_creation",
        "raw_jira.issue_changes",
        "rows of raw_jira.issue_changes",
        "changes with changed < created of their issue (imported trackers do this)",
        "source:key (changed, created)",
    ),
    Finding(
        "change_after_export",
        "raw_jira.issue_changes",
        "rows of raw_jira.issue_changes",
        "changes with changed > exported_at + 1 day: a clock or a time zone is wrong",
        "source:issue_ref (changed)",
    ),
    Finding(
        "status_change_without_target",
        "raw_jira.issue_changes",
        "rows of raw_jira.issue_changes of the field status",
        "those whose to_value is NULL or blank",
        "source:issue_ref (changed)",
    ),
    Finding(
        "status_unmapped",
        "raw_jira.issues",
        "distinct (source_id, status name) in issues and in status changes",
        "statuses that no workflow of the portfolio maps on any day",
        "source:status (issues)",
    ),
    Finding(
        "status_without_category",
        "raw_jira.statuses",
        "distinct (source_id, status name) in issues and in status changes",
        "unmapped statuses that also lack Jira's category (neither in /status nor on an issue): their kind is guessed",
        "source:status (issues)",
    ),
    Finding(
        "type_unmapped",
        "raw_jira.issues",
        "distinct (source_id, issue_type) of issues that are no sub-tasks",
        "types that no work_types rule matches: their items are left out of flow metrics",
        "source:type (issues)",
    ),
)

_EXPORT_LOAD = Measure(
    name="export_load",
    layer="raw",
    grain="one row per source of the portfolio, also if nothing was loaded from it",
    key=("source_id",),
    columns=(
        MeasureColumn("source_id", "text", "the portfolio's source id"),
        MeasureColumn("n_export_files", "count", "export files known to quality.export_files"),
        MeasureColumn(
            "n_unreadable_files", "count", "export files recognised as the tool's that could not be read to their end"
        ),
        MeasureColumn("n_records", "count", "records read from all loaded files, as counted while reading"),
        MeasureColumn(
            "n_quarantined", "count", "rows in quality.quarantined_records: records, or parts of them, not usable"
        ),
        MeasureColumn(
            "quarantined_share",
            "share",
            "quarantined records / records, of all files of the source or of those loaded in this refresh, whichever "
            "is larger; files that are not the tool's are left out; NULL without records",
            is_nullable=True,
        ),
        MeasureColumn(
            "n_unaccounted",
            "count",
            "records read from files whose every record has a row of its own, that are neither in that raw table nor "
            "quarantined; the absolute difference, so that rows too many show too",
        ),
        MeasureColumn(
            "days_behind_as_of",
            "number",
            "days from complete_to to as_of, negative if as_of lies earlier; NULL if nothing was ever loaded",
            is_nullable=True,
        ),
        MeasureColumn(
            "n_days_silent", "count", "days from the last day with anything new in the source to as_of; 0 without data"
        ),
        MeasureColumn(
            "n_days_silent_usual",
            "count",
            "the longest silence that 95 % of the source's own gaps between days with something new stay within, over "
            "the last year before its last day",
        ),
        MeasureColumn(
            "n_days_silent_beyond_habit",
            "count",
            "days of silence beyond five times the usual one, and beyond a week; 0 with fewer than 20 days of news",
        ),
    ),
)

_RAW_JIRA_LOAD = Measure(
    name="raw_jira_load",
    layer="raw",
    grain="one row per source of the portfolio whose tool is jira, also if nothing was loaded from it",
    key=("source_id",),
    columns=(
        MeasureColumn("source_id", "text", "the portfolio's source id"),
        MeasureColumn("n_issues", "count", "distinct issue_id in raw_jira.issues"),
        MeasureColumn("n_without_status", "count", "newest versions of issues whose status_name is NULL or blank"),
        MeasureColumn(
            "without_status_share", "share", "n_without_status / n_issues; NULL if n_issues = 0", is_nullable=True
        ),
    ),
)

_RAW_PORTFOLIO_TABLES = Measure(
    name="raw_portfolio_tables",
    layer="raw",
    grain="one row per required table of raw_portfolio",
    key=("table_name",),
    rows=RAW_PORTFOLIO_TABLES,
    columns=(
        MeasureColumn("table_name", "text", "table without its schema"),
        MeasureColumn(
            "n_rows", "count", "rows of the table; `unassigned` rows of value_streams, trains, teams left out"
        ),
    ),
)

_RAW_PORTFOLIO_CALENDAR = Measure(
    name="raw_portfolio_calendar",
    layer="raw",
    grain="exactly one row",
    key=("calendar",),
    rows=("portfolio",),
    columns=(
        MeasureColumn("calendar", "text", "the constant 'portfolio'"),
        MeasureColumn(
            "n_days_required", "count", "days from the first moment that any export knows to as_of, both included"
        ),
        MeasureColumn("n_days_missing", "count", "required days that raw_portfolio.dates lacks or holds twice"),
        MeasureColumn("n_working_days", "count", "required days with is_working_day and working_hours > 0"),
        MeasureColumn(
            "days_since_as_of",
            "number",
            "days from as_of to the start of the refresh; NULL if this as_of was asked for",
            is_nullable=True,
        ),
    ),
)

RAW_MEASURES = (
    _EXPORT_LOAD,
    _RAW_JIRA_LOAD,
    findings_measure("raw_jira_findings", "raw", RAW_JIRA_FINDINGS),
    _RAW_PORTFOLIO_TABLES,
    _RAW_PORTFOLIO_CALENDAR,
)
