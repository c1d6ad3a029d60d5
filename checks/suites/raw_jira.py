"""What Jira's exports have to look like once they are loaded.

Belongs here: expectations on ``raw_jira.*``. Does not belong here: what the frames contain (``checks.measures.raw``),
keys and relations of later models (dbt tests).
"""

from checks.definitions import Check, Limit, SuiteDefinition, no_finding

_LOAD = SuiteDefinition(
    name="raw_jira_load",
    layer="raw",
    table="raw_jira.issues",
    frame="raw_jira_load",
    description="Do the issues of every Jira source tell where they stand?",
    checks=(
        Check(
            "without_status_share",
            "critical",
            "At most {max_quarantined_share:.1%} of a source's issues are without a status.",
            "ExpectColumnValuesToBeBetween",
            {"column": "without_status_share", "max_value": Limit("max_quarantined_share")},
            identify=("source_id", "n_without_status"),
            observed_column="n_issues",
            unexpected_column="n_without_status",
        ),
        Check(
            "every_issue_has_status",
            "warning",
            "Every issue has a status.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_without_status", "max_value": 0},
            identify=("source_id",),
            observed_column="n_issues",
            unexpected_column="n_without_status",
        ),
    ),
)

_FINDINGS = SuiteDefinition(
    name="raw_jira_findings",
    layer="raw",
    table="raw_jira.issues",
    frame="raw_jira_findings",
    description="Do issues and their histories hold together, and does the portfolio map what they contain?",
    checks=(
        no_finding(
            "issue_key_of_two_issues",
            "raw_jira.issues",
            "critical",
            "No issue key belongs to two issue ids, so that no issue is counted twice.",
        ),
        no_finding(
            "duplicate_issue_in_file",
            "raw_jira.issues",
            "warning",
            "No export file holds the same issue twice (the newest counts).",
        ),
        no_finding(
            "conflicting_issue_versions",
            "raw_jira.issues",
            "warning",
            "No issue has two different versions with the same time of update.",
        ),
        no_finding(
            "updated_before_created", "raw_jira.issues", "warning", "No issue was updated before it was created."
        ),
        no_finding(
            "changelog_missing",
            "raw_jira.issues",
            "warning",
            "Every issue was exported with its changelog (expand=changelog).",
        ),
        no_finding(
            "changelog_truncated",
            "raw_jira.issues",
            "warning",
            "Every changelog that Jira cut is completed from changelog pages.",
        ),
        no_finding(
            "change_without_issue",
            "raw_jira.issue_changes",
            "warning",
            "Every changelog page belongs to an issue that was exported.",
        ),
        no_finding(
            "change_before_creation",
            "raw_jira.issue_changes",
            "warning",
            "No change is older than its issue (it is kept, and the issue's life starts with it).",
        ),
        no_finding(
            "change_after_export",
            "raw_jira.issue_changes",
            "warning",
            "No change is dated later than the export that holds it.",
        ),
        no_finding(
            "status_change_without_target",
            "raw_jira.issue_changes",
            "warning",
            "Every status change names the status it leads to.",
        ),
        no_finding("status_unmapped", "raw_jira.issues", "warning", "A workflow of the portfolio maps every status."),
        no_finding(
            "status_without_category",
            "raw_jira.statuses",
            "warning",
            "Every status that no workflow maps has a category of its own to fall back on.",
        ),
        no_finding("type_unmapped", "raw_jira.issues", "warning", "A work type rule matches every issue type."),
    ),
)

SUITES = (_LOAD, _FINDINGS)
