"""Jira's issues as JSON: search pages, arrays, one a line, single documents; of Data Center and of Cloud.

Belongs here: the typed record of an issue and how it becomes rows of ``issues``, ``issue_changes``, ``issue_links``,
``issue_sprints`` and ``worklogs``. Does not belong here: issues as CSV (``csv_export``), levels and stages (dbt).

Shapes follow ``/search?expand=changelog`` (v2), ``/search/jql`` (v3) and the agile API's ``/board/{id}/issue``.
"""

from collections.abc import Iterator
from typing import Literal

from orchestration.sources.export_format import ExportKind, SourceSettings
from orchestration.sources.instants import POSSIBLE_INSTANTS
from orchestration.sources.jira.changelogs import HISTORY, changes_select, tracked_fields, unreadable_histories

CUSTOM_FIELD_ROLES = ("estimate", "team", "parent", "flagged", "blocked_reason", "sprint")

# Data Center and Cloud spell the field of an archived issue differently, and a record cannot have both.
DATA_CENTER_SUFFIX = "_of_data_center"
_ARCHIVED_FIELDS = {"": "archivedDate", DATA_CENTER_SUFFIX: "archiveddate"}

_LAYOUTS: dict[str, tuple[Literal["newline_delimited", "array", "unstructured"], str | None]] = {
    "issues": ("newline_delimited", None),
    "issue_pages": ("unstructured", "issues"),
    "issue_array": ("array", None),
    "issue_documents": ("unstructured", None),
}

_FIELDS = {
    "created": "VARCHAR",
    "updated": "VARCHAR",
    "resolutiondate": "VARCHAR",
    "summary": "VARCHAR",
    "status": "STRUCT(id VARCHAR, name VARCHAR, statusCategory STRUCT(key VARCHAR))",
    "issuetype": "STRUCT(id VARCHAR, name VARCHAR, subtask BOOLEAN)",
    "project": "STRUCT(id VARCHAR, key VARCHAR)",
    "resolution": "STRUCT(name VARCHAR)",
    "priority": "STRUCT(name VARCHAR)",
    "labels": "VARCHAR[]",
    "components": 'STRUCT("name" VARCHAR)[]',
    "fixVersions": 'STRUCT("name" VARCHAR)[]',
    "versions": 'STRUCT("name" VARCHAR)[]',
    "parent": "STRUCT(id VARCHAR, key VARCHAR)",
    "epic": "STRUCT(id VARCHAR, key VARCHAR)",
    "sprint": "JSON",
    "closedSprints": "JSON",
    "archived": "BOOLEAN",
    "issuelinks": (
        'STRUCT(id VARCHAR, "type" STRUCT("name" VARCHAR, inward VARCHAR, outward VARCHAR),'
        " inwardIssue STRUCT(id VARCHAR, key VARCHAR), outwardIssue STRUCT(id VARCHAR, key VARCHAR))[]"
    ),
    "worklog": "STRUCT(worklogs STRUCT(id VARCHAR, started VARCHAR, updated VARCHAR, timeSpentSeconds BIGINT)[])",
}

_ID = "coalesce(record.id, record.key)"


def kinds(settings: SourceSettings) -> list[ExportKind]:
    """Declare the four layouts of issues for one source, in both spellings of the archived field."""
    return [
        ExportKind(
            f"{name}{suffix}",
            layout,
            record_columns=_record(settings, archived),
            records_in=records_in,
            selects=_selects(settings, archived),
            key="record.key",
            refusal=_REFUSAL,
            unreadable_parts=f"""{unreadable_histories("record.changelog.histories", "record.key")}
                union all {_UNREADABLE_WORKLOGS}""",
            rows_in="issues",
        )
        for suffix, archived in _ARCHIVED_FIELDS.items()
        for name, (layout, records_in) in _LAYOUTS.items()
    ]


def _record(settings: SourceSettings, archived: str) -> dict[str, str]:
    fields = {**_FIELDS, archived: "VARCHAR"}
    taken = {name.casefold() for name in fields}
    fields |= {name: "JSON" for name in sorted(set(settings.fields.values())) if name.casefold() not in taken}
    return {
        "id": "VARCHAR",
        "key": "VARCHAR",
        "self": "VARCHAR",
        "fields": "STRUCT(" + ", ".join(f'"{name}" {kind}' for name, kind in fields.items()) + ")",
        "changelog": f"STRUCT(total BIGINT, histories {HISTORY})",
    }


def _date_refusals() -> Iterator[str]:
    dates = {"created": "created", "updated": "updated", "resolutiondate": "resolved"}
    for name, label in dates.items():
        text = f"record.fields.{name}"
        yield f"""
        when {text} is not null and try_cast({text} as timestamptz) is null
            then 'impossible {label} date: ' || {text}
        when try_cast({text} as timestamptz) not between {POSSIBLE_INSTANTS}
            then '{label} date outside its export: ' || {text}"""


_REFUSAL = f"""
    case
        when record.key is null and record.id is null and record.fields is null then 'not a JSON object of an issue'
        when trim(coalesce(record.key, '')) = '' then 'issue without key'
        when record.fields.created is null then 'issue without created'{"".join(_date_refusals())}
    end"""

_UNREADABLE_WORKLOGS = f"""
    select export_file, record.key as record_key,
        'worklog with an impossible date: ' || coalesce(worklog.started, 'none') as reason
    from (
        select export_file, exported_at, record, unnest(record.fields.worklog.worklogs) as worklog
        from landed where refusal is null
    )
    where coalesce(try_cast(worklog.started as timestamptz) not between {POSSIBLE_INSTANTS}, true)"""


def _names(field: str) -> str:
    return f"list_transform(record.fields.{field}, lambda each: each.name)"


def _selects(settings: SourceSettings, archived: str) -> dict[str, str]:
    roles = {role: _role(settings, role) for role in CUSTOM_FIELD_ROLES}
    return {
        "issues": f"""
            select export_file, exported_at, {_ID}, record.key, record.fields.project.key,
                record.fields.issuetype.name, coalesce(record.fields.issuetype.subtask, false), record.fields.summary,
                record.fields.status.id, record.fields.status.name, record.fields.status.statusCategory.key,
                record.fields.resolution.name, record.fields.priority.name, record.fields.labels,
                {_names("components")}, {_names("fixVersions")}, {_names("versions")},
                coalesce(record.fields.parent.id, record.fields.parent.key),
                coalesce(record.fields.epic.key, record.fields.epic.id),
                try_cast(record.fields.created as timestamptz), try_cast(record.fields.updated as timestamptz),
                try_cast(record.fields.resolutiondate as timestamptz),
                try_cast(record.fields."{archived}" as timestamptz),
                coalesce(record.fields.archived, false) or record.fields."{archived}" is not null,
                {", ".join(roles.values())},
                nullif(regexp_extract(record.self, '^(https?://.*?)/rest/', 1), '') || '/browse/' || record.key,
                record.changelog.total, len(record.changelog.histories)
            from landed where refusal is null""",
        "issue_changes": changes_select("record.changelog.histories", "embedded", tracked_fields(settings), _ID),
        "issue_links": f"""
            select export_file, exported_at, issue_id, link.id, link.type.name,
                case when link.outwardIssue is not null then 'outward' else 'inward' end,
                case when link.outwardIssue is not null then link.type.outward else link.type.inward end,
                coalesce(link.outwardIssue.id, link.inwardIssue.id),
                coalesce(link.outwardIssue.key, link.inwardIssue.key)
            from (
                select export_file, exported_at, {_ID} as issue_id, unnest(record.fields.issuelinks) as link
                from landed where refusal is null
            )
            where link.outwardIssue is not null or link.inwardIssue is not null""",
        "issue_sprints": _sprints_select(roles["sprint"]),
        "worklogs": f"""
            select export_file, exported_at, issue_ref, worklog.id, try_cast(worklog.started as timestamptz),
                try_cast(worklog.updated as timestamptz), worklog.timeSpentSeconds
            from (
                select export_file, exported_at, {_ID} as issue_ref,
                    unnest(record.fields.worklog.worklogs) as worklog
                from landed where refusal is null
            )
            where try_cast(worklog.started as timestamptz) between {POSSIBLE_INSTANTS}""",
    }


def _role(settings: SourceSettings, role: str) -> str:
    field_id = settings.fields.get(role)
    if field_id is None:
        return "NULL::JSON"
    standard = next((name for name in _FIELDS if name.casefold() == field_id.casefold()), None)
    # A mapped standard field is part of the record already, with its own type.
    return f'record.fields."{field_id}"' if standard is None else f'to_json(record.fields."{standard}")'


def _elements(value: str) -> str:
    return (
        f"case json_type({value}) when 'ARRAY' then try_cast({value} as JSON[])"
        f" when 'OBJECT' then [{value}] else []::JSON[] end"
    )


def _sprints_select(field: str) -> str:
    """Sprints of the mapped field and of the agile API's own fields.

    Cloud writes objects; Data Center writes each sprint as text, ``…Sprint@1f[id=7,rapidViewId=3,state=ACTIVE,…]``.
    """
    columns = {
        "sprint_id": _sprint_part(("id",), "id"),
        "sprint_name": _sprint_part(("name",), "name"),
        "state": f"lower({_sprint_part(('state',), 'state')})",
        "board_id": _sprint_part(("boardId", "originBoardId"), "rapidViewId"),
        "goal": _sprint_part(("goal",), "goal"),
        "started": f"try_cast({_sprint_part(('startDate',), 'startDate')} as timestamptz)",
        "planned_end": f"try_cast({_sprint_part(('endDate',), 'endDate')} as timestamptz)",
        "completed": f"try_cast({_sprint_part(('completeDate',), 'completeDate')} as timestamptz)",
    }
    named = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    return f"""
            select * from (
                select distinct export_file, exported_at, issue_id, {named}
                from (
                    select export_file, exported_at, issue_id, sprint, sprint ->> '$' as sprint_text
                    from (
                        select export_file, exported_at, {_ID} as issue_id, unnest(list_concat(
                            {_elements(field)}, {_elements("record.fields.sprint")},
                            {_elements("record.fields.closedSprints")}
                        )) as sprint
                        from landed where refusal is null
                    )
                )
            )
            where sprint_id is not null"""


def _sprint_part(keys: tuple[str, ...], word: str) -> str:
    from_object = ", ".join(f"sprint ->> '$.{key}'" for key in keys)
    from_text = rf"regexp_extract(sprint_text, '(?s)[\[,]{word}=(.*?)(?:,[A-Za-z]+=|\]$)', 1)"
    return (
        f"case json_type(sprint) when 'OBJECT' then coalesce({from_object})"
        f" when 'VARCHAR' then nullif(nullif({from_text}, ''), '<null>') end"
    )
