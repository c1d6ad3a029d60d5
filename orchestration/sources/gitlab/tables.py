"""The tables of ``raw_gitlab``.

Belongs here: their columns. Does not belong here: how records fill them (``work_items``, ``delivery``).
"""

from orchestration.sources.export_format import RawTable


def _table(name: str, description: str, columns: str) -> RawTable:
    """Declare a table; ``columns`` lists name and type, parted by commas; without a type a column is text."""
    declared = [column.split() for column in columns.split(",")]
    return RawTable(name, {parts[0]: (parts[1] if len(parts) > 1 else "VARCHAR") for parts in declared}, description)


TABLES = (
    _table(
        "issues",
        "One row per issue and export file, as exported.",
        "issue_id, iid, project_id, project_path, issue_key, issue_type, title, state, labels VARCHAR[],"
        " weight DOUBLE, milestone_id, milestone_title, iteration_id, epic_id, epic_key, moved_to_id, duplicate_of,"
        " created TIMESTAMPTZ, updated TIMESTAMPTZ, closed TIMESTAMPTZ, web_url",
    ),
    _table(
        "epics",
        "One row per epic and export file, as exported.",
        "epic_id, iid, group_id, epic_key, title, state, labels VARCHAR[], parent_id,"
        " created TIMESTAMPTZ, updated TIMESTAMPTZ, closed TIMESTAMPTZ, web_url",
    ),
    _table(
        "issue_links",
        "One row per link of an issue, seen from that issue, which is named by project and number or by id.",
        "link_id, link_type, project_ref, issue_iid, issue_id, linked_issue_id, linked TIMESTAMPTZ",
    ),
    _table(
        "resource_events",
        "One row per event of an issue, merge request or epic: state, label, milestone, iteration or weight.",
        "event_kind, event_id, resource_type, resource_id, action, value_id, value_name, created TIMESTAMPTZ",
    ),
    _table(
        "milestones",
        "One row per milestone and export file, listed or named by an issue.",
        "milestone_id, title, description, state, project_id, group_id, start_date DATE, due_date DATE,"
        " updated TIMESTAMPTZ",
    ),
    _table(
        "iterations",
        "One row per iteration and export file, listed or named by an issue.",
        "iteration_id, title, description, state, group_id, start_date DATE, due_date DATE, updated TIMESTAMPTZ",
    ),
    _table(
        "projects",
        "One row per project and export file.",
        "project_id, project_path",
    ),
    _table(
        "merge_requests",
        "One row per merge request and export file, as exported; of its description only the items it mentions.",
        "merge_request_id, iid, project_id, project_path, merge_request_key, title, mentioned_keys, source_branch,"
        " target_branch, is_draft BOOLEAN, state, created TIMESTAMPTZ, updated TIMESTAMPTZ, merged TIMESTAMPTZ,"
        " closed TIMESTAMPTZ, merge_commit_sha, head_commit_sha, n_notes BIGINT, web_url",
    ),
    _table(
        "notes",
        "One row per note on a merge request, issue or epic: what it did, not what it says.",
        "note_id, noteable_type, noteable_id, is_system BOOLEAN, is_resolvable BOOLEAN, action, created TIMESTAMPTZ",
    ),
    _table(
        "merge_request_approvals",
        "One row per merge request, named by id or by project and number, and export file: when it was approved, and"
        " how many approvals it needs.",
        "merge_request_id, project_ref, merge_request_iid, n_required BIGINT, is_approved BOOLEAN, n_approvals BIGINT,"
        " approved TIMESTAMPTZ[], updated TIMESTAMPTZ",
    ),
    _table(
        "merge_request_commits",
        "One row per commit of a merge request, which is named by project and number.",
        "project_ref, merge_request_iid, commit_sha, mentioned_keys, committed TIMESTAMPTZ",
    ),
    _table(
        "pipelines",
        "One row per pipeline and export file: listed, in detail, or named by a job.",
        "pipeline_id, project_id, project_path, pipeline_name, trigger_source, ref, sha, status,"
        " created TIMESTAMPTZ, updated TIMESTAMPTZ, started TIMESTAMPTZ, finished TIMESTAMPTZ,"
        " duration_seconds DOUBLE, queued_seconds DOUBLE, web_url",
    ),
    _table(
        "jobs",
        "One row per job and export file.",
        "job_id, pipeline_id, project_id, project_path, job_name, stage, ref, sha, status, allow_failure BOOLEAN,"
        " created TIMESTAMPTZ, started TIMESTAMPTZ, finished TIMESTAMPTZ, duration_seconds DOUBLE,"
        " queued_seconds DOUBLE, web_url",
    ),
    _table(
        "deployments",
        "One row per deployment and export file, with the job that did it and the commit it brought.",
        "deployment_id, project_id, project_path, environment_name, environment_tier, ref, sha, status,"
        " created TIMESTAMPTZ, updated TIMESTAMPTZ, job_id, job_name, job_started TIMESTAMPTZ,"
        " job_finished TIMESTAMPTZ, pipeline_id, commit_sha, mentioned_keys, committed TIMESTAMPTZ",
    ),
    _table(
        "vulnerabilities",
        "One row per vulnerability or vulnerability finding and export file.",
        "finding_id, origin, project_id, project_path, report_type, rule, component, severity, state,"
        " created TIMESTAMPTZ, resolved TIMESTAMPTZ, dismissed TIMESTAMPTZ, updated TIMESTAMPTZ",
    ),
)
