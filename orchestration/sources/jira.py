"""Jira's exports: search pages, issues one per line, changelog pages, statuses, fields and sprints.

Belongs here: the typed record read from each kind of file, and how a record becomes rows of ``raw_jira.*``. Does not
belong here: telling the kinds apart (``jira_files``), levels, stages, teams (dbt), opening a database (the warehouse).

Shapes follow Jira's REST API v2 ``/search?expand=changelog``, v3 ``/search/jql``, ``/issue/{id}/changelog``,
``/changelog/bulkfetch``, ``/status``, ``/field`` and the agile API's ``/board/{id}/sprint``.

People (assignee, reporter, authors, user pickers) are not read at all: a change of a field that is not named in
``TRACKED_FIELDS`` or mapped by the portfolio keeps its time and field, and loses its values.
"""

from collections.abc import Mapping

from orchestration.sources.export_format import ExportKind, RawTable, ToolFormat
from orchestration.sources.jira_files import recognise

# Changelog fields whose values flow facts need; Jira writes the same field under several names over the years.
TRACKED_FIELDS = (
    "status",
    "resolution",
    "issuetype",
    "project",
    "key",
    "flagged",
    "labels",
    "component",
    "components",
    "sprint",
    "epic link",
    "parent",
    "issueparentassociation",
    "fix version",
    "fixversions",
    "priority",
)

CUSTOM_FIELD_ROLES = ("estimate", "team", "parent", "flagged", "blocked_reason", "sprint")

_HISTORY = (
    "STRUCT(id VARCHAR, created VARCHAR, items STRUCT(field VARCHAR, fieldId VARCHAR, "
    '"from" VARCHAR, "fromString" VARCHAR, "to" VARCHAR, "toString" VARCHAR)[])[]'
)

TABLES = (
    RawTable(
        "issues",
        {
            "issue_id": "VARCHAR",
            "issue_key": "VARCHAR",
            "project_key": "VARCHAR",
            "issue_type": "VARCHAR",
            "is_subtask": "BOOLEAN",
            "summary": "VARCHAR",
            "status_id": "VARCHAR",
            "status_name": "VARCHAR",
            "status_category": "VARCHAR",
            "resolution": "VARCHAR",
            "priority": "VARCHAR",
            "labels": "VARCHAR[]",
            "components": "VARCHAR[]",
            "parent_ref": "VARCHAR",
            "created": "TIMESTAMPTZ",
            "updated": "TIMESTAMPTZ",
            "resolved": "TIMESTAMPTZ",
            "estimate": "JSON",
            "team": "JSON",
            "parent": "JSON",
            "flagged": "JSON",
            "blocked_reason": "JSON",
            "sprint": "JSON",
            "n_histories_announced": "BIGINT",
            "n_histories_embedded": "BIGINT",
        },
        "One row per issue and export file, as exported.",
    ),
    RawTable(
        "issue_changes",
        {
            "issue_ref": "VARCHAR",
            "history_id": "VARCHAR",
            "history_position": "BIGINT",
            "item_position": "BIGINT",
            "changed": "TIMESTAMPTZ",
            "field": "VARCHAR",
            "field_id": "VARCHAR",
            "from_id": "VARCHAR",
            "from_value": "VARCHAR",
            "to_id": "VARCHAR",
            "to_value": "VARCHAR",
            "origin": "VARCHAR",
        },
        "One row per changed field of a history entry, embedded in an issue or from a changelog page.",
    ),
    RawTable(
        "issue_links",
        {
            "issue_id": "VARCHAR",
            "link_id": "VARCHAR",
            "link_type": "VARCHAR",
            "direction": "VARCHAR",
            "linked_issue_id": "VARCHAR",
            "linked_issue_key": "VARCHAR",
        },
        "One row per link of an issue, seen from that issue.",
    ),
    RawTable(
        "statuses",
        {"status_id": "VARCHAR", "status_name": "VARCHAR", "status_category": "VARCHAR"},
        "One row per status of the instance.",
    ),
    RawTable(
        "fields",
        {"field_id": "VARCHAR", "field_name": "VARCHAR", "is_custom": "BOOLEAN"},
        "One row per field of the instance.",
    ),
    RawTable(
        "sprints",
        {
            "sprint_id": "VARCHAR",
            "sprint_name": "VARCHAR",
            "state": "VARCHAR",
            "board_id": "VARCHAR",
            "goal": "VARCHAR",
            "started": "TIMESTAMPTZ",
            "planned_end": "TIMESTAMPTZ",
            "completed": "TIMESTAMPTZ",
        },
        "One row per sprint of a board.",
    ),
)


def kinds(field_map: Mapping[str, str], field_names: Mapping[str, str]) -> dict[str, ExportKind]:
    """Declare the export kinds for one source.

    ``field_map``: role (``estimate``, ``team`` …) to custom field id, from the portfolio's ``fields``.
    ``field_names``: custom field id to its name in ``/field``: changelogs of Jira Server name a custom field only so.
    """
    tracked = {*TRACKED_FIELDS, *(field_id.lower() for field_id in field_map.values())}
    tracked |= {field_names[field_id].lower() for field_id in field_map.values() if field_id in field_names}
    issue = _issue_record(field_map)
    selects = _issue_selects(field_map, tracked)
    shared = {
        "record_columns": issue,
        "selects": selects,
        "key": "record.key",
        "refusal": _ISSUE_REFUSAL,
        "unreadable_parts": _UNREADABLE_HISTORIES.format(
            histories="record.changelog.histories", key="record.key", possible=_POSSIBLE
        ),
    }
    return {
        kind.name: kind
        for kind in (
            ExportKind("issues", "newline_delimited", **shared),  # type: ignore[arg-type]
            ExportKind("issue_pages", "unstructured", records_in="issues", **shared),  # type: ignore[arg-type]
            ExportKind("issue_array", "array", **shared),  # type: ignore[arg-type]
            ExportKind("issue_documents", "unstructured", **shared),  # type: ignore[arg-type]
            _changelog_kind("changelog_pages", _CHANGELOG_PAGE, _PAGE_HISTORIES, _PAGE_ISSUE_REF, tracked),
            _changelog_kind(
                "bulk_changelog_pages",
                _BULK_RECORD,
                "record.changeHistories",
                "record.issueId",
                tracked,
                records_in="issueChangeLogs",
            ),
            _STATUSES,
            _FIELDS,
            _SPRINTS,
        )
    }


def _issue_record(field_map: Mapping[str, str]) -> dict[str, str]:
    custom = "".join(f', "{field_id}" JSON' for field_id in sorted(set(field_map.values())))
    return {
        "id": "VARCHAR",
        "key": "VARCHAR",
        "fields": (
            "STRUCT(created VARCHAR, updated VARCHAR, resolutiondate VARCHAR, summary VARCHAR,"
            " status STRUCT(id VARCHAR, name VARCHAR, statusCategory STRUCT(key VARCHAR)),"
            " issuetype STRUCT(id VARCHAR, name VARCHAR, subtask BOOLEAN), project STRUCT(id VARCHAR, key VARCHAR),"
            " resolution STRUCT(name VARCHAR), priority STRUCT(name VARCHAR), labels VARCHAR[],"
            ' components STRUCT("name" VARCHAR)[], parent STRUCT(id VARCHAR, key VARCHAR),'
            ' issuelinks STRUCT(id VARCHAR, "type" STRUCT("name" VARCHAR),'
            " inwardIssue STRUCT(id VARCHAR, key VARCHAR), outwardIssue STRUCT(id VARCHAR, key VARCHAR))[]"
            f"{custom})"
        ),
        "changelog": f"STRUCT(total BIGINT, histories {_HISTORY})",
    }


# One wild date would move the whole portfolio's clock or stretch a life over centuries.
_POSSIBLE = "timestamptz '1970-01-02 00:00:00+00' and exported_at + interval 1 day"

_ISSUE_REFUSAL = f"""
    case
        when record.key is null and record.id is null and record.fields is null then 'not a JSON object of an issue'
        when trim(coalesce(record.key, '')) = '' then 'issue without key'
        when record.fields.created is null then 'issue without created'
        when try_cast(record.fields.created as timestamptz) is null
            then 'impossible created date: ' || record.fields.created
        when try_cast(record.fields.created as timestamptz) not between {_POSSIBLE}
            then 'created date outside its export: ' || record.fields.created
        when record.fields.updated is not null and try_cast(record.fields.updated as timestamptz) is null
            then 'impossible updated date: ' || record.fields.updated
        when try_cast(record.fields.updated as timestamptz) not between {_POSSIBLE}
            then 'updated date outside its export: ' || record.fields.updated
    end"""

_UNREADABLE_HISTORIES = """
    select export_file, {key} as record_key,
        'change with an impossible date: ' || coalesce(history.created, 'none') as reason
    from (select export_file, exported_at, record, unnest({histories}) as history from landed where refusal is null)
    where coalesce(try_cast(history.created as timestamptz) not between {possible}, true)"""


def _issue_selects(field_map: Mapping[str, str], tracked: set[str]) -> dict[str, str]:
    roles = ", ".join(
        f'record.fields."{field_map[role]}"' if role in field_map else "NULL::JSON" for role in CUSTOM_FIELD_ROLES
    )
    return {
        "issues": f"""
            select export_file, exported_at, coalesce(record.id, record.key), record.key, record.fields.project.key,
                record.fields.issuetype.name, coalesce(record.fields.issuetype.subtask, false), record.fields.summary,
                record.fields.status.id, record.fields.status.name, record.fields.status.statusCategory.key,
                record.fields.resolution.name, record.fields.priority.name, record.fields.labels,
                list_transform(record.fields.components, lambda component: component.name),
                coalesce(record.fields.parent.id, record.fields.parent.key),
                try_cast(record.fields.created as timestamptz), try_cast(record.fields.updated as timestamptz),
                try_cast(record.fields.resolutiondate as timestamptz), {roles},
                record.changelog.total, len(record.changelog.histories)
            from landed where refusal is null""",
        "issue_changes": _changes_select(
            "record.changelog.histories", "embedded", tracked, "coalesce(record.id, record.key)"
        ),
        "issue_links": """
            select export_file, exported_at, issue_id, link.id, link.type.name,
                case when link.outwardIssue is not null then 'outward' else 'inward' end,
                coalesce(link.outwardIssue.id, link.inwardIssue.id),
                coalesce(link.outwardIssue.key, link.inwardIssue.key)
            from (
                select export_file, exported_at, coalesce(record.id, record.key) as issue_id,
                    unnest(record.fields.issuelinks) as link
                from landed where refusal is null
            )""",
    }


def _changes_select(histories: str, origin: str, tracked: set[str], issue_ref: str) -> str:
    """Two unnests: histories with their place, then their items with theirs; values kept for tracked fields only.

    An entry without items keeps one row without a field, because a tool's count of entries counts it too.
    """
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(tracked))
    kept = f"(lower(item.field) in ({names}) or lower(item.fieldId) in ({names}))"
    return f"""
            select export_file, exported_at, issue_ref, history.id, history_position, item_position,
                try_cast(history.created as timestamptz), item.field, item.fieldId,
                case when {kept} then item."from" end, case when {kept} then item."fromString" end,
                case when {kept} then item."to" end, case when {kept} then item."toString" end, '{origin}'
            from (
                select export_file, exported_at, issue_ref, history, history_position, unnest(items) as item,
                    generate_subscripts(items, 1) as item_position
                from (
                    select *, case when len(history.items) > 0 then history.items else [null] end as items
                    from (
                        select export_file, exported_at, {issue_ref} as issue_ref, unnest({histories}) as history,
                            generate_subscripts({histories}, 1) as history_position
                        from landed where refusal is null
                    )
                    where try_cast(history.created as timestamptz) between {_POSSIBLE}
                )
            )"""


_CHANGELOG_PAGE = {
    "self": "VARCHAR",
    "issueId": "VARCHAR",
    "issueKey": "VARCHAR",
    "key": "VARCHAR",
    "total": "BIGINT",
    "values": _HISTORY,
    "histories": _HISTORY,
}

# The page itself does not name its issue: its address does, or the key that a person wrote into the file's name.
_PAGE_ISSUE_REF = """coalesce(record.issueId, record.issueKey, record.key,
    nullif(regexp_extract(record.self, '/issue/([^/]+)/changelog', 1), ''),
    nullif(regexp_extract(export_file, '([A-Z][A-Z0-9_]*-[0-9]+)', 1), ''))"""


_PAGE_HISTORIES = 'coalesce(record."values", record.histories)'

_BULK_RECORD = {"issueId": "VARCHAR", "changeHistories": _HISTORY}


def _changelog_kind(
    name: str,
    record: Mapping[str, str],
    histories: str,
    issue_ref: str,
    tracked: set[str],
    records_in: str | None = None,
) -> ExportKind:
    return ExportKind(
        name,
        "unstructured",
        record_columns=record,
        records_in=records_in,
        key=issue_ref,
        refusal=f"case when {issue_ref} is null then 'changelog page that does not name its issue' end",
        selects={"issue_changes": _changes_select(histories, "changelog_page", tracked, issue_ref)},
        unreadable_parts=_UNREADABLE_HISTORIES.format(histories=histories, key=issue_ref, possible=_POSSIBLE),
    )


_STATUSES = ExportKind(
    "statuses",
    "array",
    {"id": "VARCHAR", "name": "VARCHAR", "statusCategory": "STRUCT(key VARCHAR)"},
    {
        "statuses": "select export_file, exported_at, record.id, record.name, record.statusCategory.key"
        " from landed where refusal is null"
    },
    key="record.name",
    refusal="case when record.name is null then 'status without name' end",
    load_order=0,
)

_FIELDS = ExportKind(
    "fields",
    "array",
    {"id": "VARCHAR", "key": "VARCHAR", "name": "VARCHAR", "custom": "BOOLEAN"},
    {
        "fields": "select export_file, exported_at, coalesce(record.id, record.key), record.name,"
        " coalesce(record.custom, false)"
        " from landed where refusal is null"
    },
    key="record.name",
    refusal="case when coalesce(record.id, record.key) is null then 'field without id' end",
    load_order=0,
)

_SPRINTS = ExportKind(
    "sprint_pages",
    "unstructured",
    {
        "id": "VARCHAR",
        "name": "VARCHAR",
        "state": "VARCHAR",
        "originBoardId": "VARCHAR",
        "goal": "VARCHAR",
        "startDate": "VARCHAR",
        "endDate": "VARCHAR",
        "completeDate": "VARCHAR",
    },
    {
        "sprints": "select export_file, exported_at, record.id, record.name, record.state,"
        " record.originBoardId, record.goal,"
        " try_cast(record.startDate as timestamptz), try_cast(record.endDate as timestamptz),"
        " try_cast(record.completeDate as timestamptz) from landed where refusal is null"
    },
    records_in="values",
    key="record.name",
    refusal="case when record.id is null then 'sprint without id' end",
)

FORMAT = ToolFormat(
    tool="jira",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    # Complete up to the newest thing the exports know of, unless a manifest says more.
    complete_to="""
        select max(moment) from (
            select max(updated) as moment from raw_jira.issues where source_id = $source_id
            union all select max(created) from raw_jira.issues where source_id = $source_id
            union all select max(changed) from raw_jira.issue_changes where source_id = $source_id
        )""",
    mapped_field_names="select field_id, field_name from raw_jira.fields where source_id = $source_id",
)
