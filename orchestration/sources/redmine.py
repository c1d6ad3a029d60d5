"""Redmine's REST answers: issues with journals and relations, and the lists that give their ids a name.

Belongs here: how each answer is told from the others, and how a record becomes rows of ``raw_redmine.*``. Does not
belong here: what an id in a journal stands for, levels, stages, teams (dbt), opening a database (the warehouse).

Shapes follow Redmine's REST API: ``/issues.json``, ``/issues/{id}.json?include=journals,relations``,
``/issue_statuses.json``, ``/trackers.json``, ``/projects.json``, ``/projects/{id}/versions.json``,
``/projects/{id}/issue_categories.json``, ``/custom_fields.json`` and ``/time_entries.json``. A page of ``/issues.json``
never brings journals, whatever one asks it to include; only the answer for one issue does.

People (authors, assignees, watchers, who logged hours, notes) are not read at all: a detail of a journal that is not
named in ``TRACKED_ATTRIBUTES``, no relation and no mapped custom field keeps its time and name, and loses its values.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings, ToolFormat
from orchestration.sources.instants import POSSIBLE_INSTANTS, instant

TRACKED_ATTRIBUTES = (
    "status_id",
    "tracker_id",
    "project_id",
    "category_id",
    "fixed_version_id",
    "parent_id",
    "estimated_hours",
)
CUSTOM_FIELD_ROLES = ("estimate", "team", "parent", "flagged", "blocked_reason", "sprint")

TABLES = (
    RawTable(
        "issues",
        {
            "issue_id": "VARCHAR",
            "project_id": "VARCHAR",
            "project_name": "VARCHAR",
            "tracker_id": "VARCHAR",
            "tracker_name": "VARCHAR",
            "status_id": "VARCHAR",
            "status_name": "VARCHAR",
            "is_closed": "BOOLEAN",
            "priority_name": "VARCHAR",
            "category_id": "VARCHAR",
            "category_name": "VARCHAR",
            "version_id": "VARCHAR",
            "version_name": "VARCHAR",
            "parent_id": "VARCHAR",
            "subject": "VARCHAR",
            "estimated_hours": "DOUBLE",
            "created": "TIMESTAMPTZ",
            "updated": "TIMESTAMPTZ",
            "closed": "TIMESTAMPTZ",
            **dict.fromkeys(CUSTOM_FIELD_ROLES, "JSON"),
            "n_journals": "BIGINT",
        },
        "One row per issue and export file, as exported; n_journals is NULL where no journals were asked for.",
    ),
    RawTable(
        "journal_details",
        {
            "issue_id": "VARCHAR",
            "journal_id": "VARCHAR",
            "journal_position": "BIGINT",
            "detail_position": "BIGINT",
            "changed": "TIMESTAMPTZ",
            "property": "VARCHAR",
            "name": "VARCHAR",
            "old_value": "VARCHAR",
            "new_value": "VARCHAR",
        },
        "One row per detail of a journal; a journal without details (a note) has one row.",
    ),
    RawTable(
        "relations",
        {
            "relation_id": "VARCHAR",
            "relation_type": "VARCHAR",
            "issue_id": "VARCHAR",
            "issue_to_id": "VARCHAR",
        },
        "One row per relation and issue that was exported with it.",
    ),
    RawTable(
        "statuses",
        {"status_id": "VARCHAR", "status_name": "VARCHAR", "is_closed": "BOOLEAN", "position": "BIGINT"},
        "One row per status, in the order of the list.",
    ),
    RawTable(
        "trackers",
        {"tracker_id": "VARCHAR", "tracker_name": "VARCHAR", "default_status_id": "VARCHAR"},
        "One row per tracker, with the status in which its issues are created.",
    ),
    RawTable("projects", {"project_id": "VARCHAR", "project_name": "VARCHAR"}, "One row per project."),
    RawTable("categories", {"category_id": "VARCHAR", "category_name": "VARCHAR"}, "One row per issue category."),
    RawTable("custom_fields", {"field_id": "VARCHAR", "field_name": "VARCHAR"}, "One row per custom field."),
    RawTable(
        "versions",
        {
            "version_id": "VARCHAR",
            "version_name": "VARCHAR",
            "project_name": "VARCHAR",
            "version_status": "VARCHAR",
            "description": "VARCHAR",
            "due": "TIMESTAMPTZ",
            "updated": "TIMESTAMPTZ",
        },
        "One row per version of a project.",
    ),
    RawTable(
        "time_entries",
        {"entry_id": "VARCHAR", "issue_id": "VARCHAR", "spent": "TIMESTAMPTZ", "hours": "DOUBLE"},
        "One row per time entry; the day it is for begins in the source's time zone.",
    ),
)

# The list inside an answer, and the kind of export that such an answer is.
_ANSWERS = {
    "issues": "issue_pages",
    "issue": "issue_documents",
    "issue_statuses": "statuses",
    "trackers": "trackers",
    "projects": "projects",
    "issue_categories": "categories",
    "custom_fields": "custom_fields",
    "versions": "versions",
    "time_entries": "time_entries",
}


def recognise(file_name: str, head: str) -> str | None:  # noqa: ARG001
    """Name the export kind of a file from its first characters, or None if it is not Redmine's."""
    text = head.lstrip("\ufeff \t\r\n")
    # The first of Redmine's words that is followed by a list or an object decides: an issue's own lists come later.
    found = re.match(r'\{\s*(?:"(?:total_count|offset|limit)"\s*:\s*\d+\s*,\s*)*"(\w+)"\s*:\s*[\[{]', text)
    if found and found[1] in _ANSWERS:
        return _ANSWERS[found[1]]
    return "issue_lines" if any(map(_is_issue, text.splitlines()[:50])) else None


def _is_issue(line: str) -> bool:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"id", "project", "tracker", "status"} <= document.keys()


_NAMED = "STRUCT(id VARCHAR, name VARCHAR)"
_ISSUE = {
    "id": "VARCHAR",
    "project": _NAMED,
    "tracker": _NAMED,
    "status": "STRUCT(id VARCHAR, name VARCHAR, is_closed BOOLEAN)",
    "priority": _NAMED,
    "category": _NAMED,
    "fixed_version": _NAMED,
    "parent": "STRUCT(id VARCHAR)",
    "subject": "VARCHAR",
    "estimated_hours": "VARCHAR",
    "created_on": "VARCHAR",
    "updated_on": "VARCHAR",
    "closed_on": "VARCHAR",
    "custom_fields": 'STRUCT(id VARCHAR, "value" JSON)[]',
    "relations": "STRUCT(id VARCHAR, issue_id VARCHAR, issue_to_id VARCHAR, relation_type VARCHAR)[]",
    "journals": (
        "STRUCT(id VARCHAR, created_on VARCHAR,"
        ' details STRUCT("property" VARCHAR, "name" VARCHAR, old_value VARCHAR, new_value VARCHAR)[])[]'
    ),
}


def kinds(settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare the export kinds for one source; ``settings.fields`` maps roles to ids of custom fields."""
    inside = ", ".join(f'"{name}" {type_}' for name, type_ in _ISSUE.items())
    listed = (
        replace(_issue_kind(_ISSUE, "record", settings), name="issue_pages", records_in="issues"),
        replace(_issue_kind(_ISSUE, "record", settings), name="issue_lines", layout="newline_delimited"),
        _issue_kind({"issue": f"STRUCT({inside})"}, "record.issue", settings),
        _list_kind(
            "statuses",
            "issue_statuses",
            {"id": "VARCHAR", "name": "VARCHAR", "is_closed": "BOOLEAN"},
            "record.id, record.name, coalesce(record.is_closed, false), record_number",
        ),
        _list_kind(
            "trackers",
            "trackers",
            {"id": "VARCHAR", "name": "VARCHAR", "default_status": "STRUCT(id VARCHAR)"},
            "record.id, record.name, record.default_status.id",
        ),
        _list_kind("projects", "projects", {"id": "VARCHAR", "name": "VARCHAR"}, "record.id, record.name"),
        _list_kind("categories", "issue_categories", {"id": "VARCHAR", "name": "VARCHAR"}, "record.id, record.name"),
        _list_kind("custom_fields", "custom_fields", {"id": "VARCHAR", "name": "VARCHAR"}, "record.id, record.name"),
        _list_kind(
            "versions",
            "versions",
            {
                "id": "VARCHAR",
                "name": "VARCHAR",
                "project": _NAMED,
                "status": "VARCHAR",
                "description": "VARCHAR",
                "due_date": "VARCHAR",
                "updated_on": "VARCHAR",
            },
            "record.id, record.name, record.project.name, record.status, record.description,"
            f" {_day('record.due_date', settings)}, try_cast(record.updated_on as timestamptz)",
        ),
        _time_entries(settings),
    )
    return {kind.name: kind for kind in listed}


def _issue_kind(columns: Mapping[str, str], issue: str, settings: SourceSettings) -> ExportKind:
    """Declare documents whose records have their issue at ``issue``; pages and lines differ in their layout only."""
    roles = ", ".join(
        f"list_filter({issue}.custom_fields, lambda field: field.id = '{_escaped(settings.fields[role])}')[1].\"value\""
        if role in settings.fields
        else "NULL::JSON"
        for role in CUSTOM_FIELD_ROLES
    )
    return ExportKind(
        "issue_documents",
        "unstructured",
        columns,
        key=f"'#' || {issue}.id",
        rows_in="issues",
        refusal=f"""case
            when {issue}.id is null then 'issue without id'
            when {issue}.created_on is null then 'issue without created_on'
            when try_cast({issue}.created_on as timestamptz) is null
                then 'impossible created_on: ' || {issue}.created_on
            when try_cast({issue}.created_on as timestamptz) not between {POSSIBLE_INSTANTS}
                then 'created_on outside its export: ' || {issue}.created_on
            when {issue}.updated_on is not null
                and coalesce(try_cast({issue}.updated_on as timestamptz) not between {POSSIBLE_INSTANTS}, true)
                then 'impossible updated_on: ' || {issue}.updated_on
            when {issue}.closed_on is not null
                and coalesce(try_cast({issue}.closed_on as timestamptz) not between {POSSIBLE_INSTANTS}, true)
                then 'impossible closed_on: ' || {issue}.closed_on
        end""",
        selects={
            "issues": f"""
                select export_file, exported_at, {issue}.id, {issue}.project.id, {issue}.project.name,
                    {issue}.tracker.id, {issue}.tracker.name, {issue}.status.id, {issue}.status.name,
                    {issue}.status.is_closed, {issue}.priority.name, {issue}.category.id, {issue}.category.name,
                    {issue}.fixed_version.id, {issue}.fixed_version.name, {issue}.parent.id, {issue}.subject,
                    try_cast({issue}.estimated_hours as double), try_cast({issue}.created_on as timestamptz),
                    try_cast({issue}.updated_on as timestamptz), try_cast({issue}.closed_on as timestamptz),
                    {roles}, len({issue}.journals)
                from landed where refusal is null""",
            "journal_details": _journal_details(issue, settings),
            "relations": f"""
                select export_file, exported_at, relation.id, relation.relation_type, relation.issue_id,
                    relation.issue_to_id
                from (
                    select export_file, exported_at, unnest({issue}.relations) as relation
                    from landed where refusal is null
                )""",
        },
        unreadable_parts=f"""
            select export_file, '#' || issue_id as record_key,
                'journal with an impossible date: ' || coalesce(journal.created_on, 'none') as reason
            from (
                select export_file, exported_at, {issue}.id as issue_id, unnest({issue}.journals) as journal
                from landed where refusal is null
            )
            where coalesce(try_cast(journal.created_on as timestamptz) not between {POSSIBLE_INSTANTS}, true)""",
    )


def _journal_details(issue: str, settings: SourceSettings) -> str:
    """Two unnests: journals with their place, then their details with theirs; values kept for what is tracked only."""
    attributes = ", ".join(f"'{name}'" for name in TRACKED_ATTRIBUTES)
    mapped = ", ".join(f"'{_escaped(field_id)}'" for field_id in settings.fields.values()) or "NULL"
    kept = f"""(detail.property = 'relation' or (detail.property = 'attr' and detail.name in ({attributes}))
                or (detail.property = 'cf' and detail.name in ({mapped})))"""
    return f"""
        select export_file, exported_at, issue_id, journal.id, journal_position, detail_position,
            try_cast(journal.created_on as timestamptz), detail.property, detail.name,
            case when {kept} then detail.old_value end, case when {kept} then detail.new_value end
        from (
            select *, unnest(details) as detail, generate_subscripts(details, 1) as detail_position
            from (
                select *, case when len(journal.details) > 0 then journal.details else [null] end as details
                from (
                    select export_file, exported_at, {issue}.id as issue_id, unnest({issue}.journals) as journal,
                        generate_subscripts({issue}.journals, 1) as journal_position
                    from landed where refusal is null
                )
                where try_cast(journal.created_on as timestamptz) between {POSSIBLE_INSTANTS}
            )
        )"""


def _list_kind(table: str, records_in: str, columns: Mapping[str, str], select: str) -> ExportKind:
    return ExportKind(
        table,
        "unstructured",
        columns,
        {table: f"select export_file, exported_at, {select} from landed where refusal is null"},
        records_in=records_in,
        rows_in=table,
        key="coalesce(record.name, record.id)",
        refusal="case when record.id is null or record.name is null then 'entry without id or name' end",
        load_order=0,
    )


def _time_entries(settings: SourceSettings) -> ExportKind:
    spent = _day("record.spent_on", settings)
    return ExportKind(
        "time_entries",
        "unstructured",
        {"id": "VARCHAR", "issue": "STRUCT(id VARCHAR)", "hours": "VARCHAR", "spent_on": "VARCHAR"},
        {
            "time_entries": f"select export_file, exported_at, record.id, record.issue.id, {spent},"
            " try_cast(record.hours as double) from landed where refusal is null"
        },
        records_in="time_entries",
        rows_in="time_entries",
        key="record.id",
        refusal=f"""case
            when record.id is null then 'time entry without id'
            when {spent} is null then 'time entry of an impossible day: ' || coalesce(record.spent_on, 'none')
            when try_cast(record.hours as double) is null
                then 'time entry without hours: ' || coalesce(record.hours, 'none')
        end""",
    )


def _day(expression: str, settings: SourceSettings) -> str:
    # Redmine writes dates as ISO 8601 whatever the portfolio says about text files.
    return instant(expression, replace(settings, date_format=None))


def _escaped(text: str) -> str:
    return text.replace("'", "''")


FORMAT = ToolFormat(
    tool="redmine",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    moments=(("issues", "updated"), ("issues", "created"), ("journal_details", "changed")),
)
