"""Jira's changelogs: embedded in issues, on pages of one issue, and fetched in bulk.

Belongs here: which changed fields keep their values, and how histories become rows of ``issue_changes``. Does not
belong here: what a change means (dbt).

People are not read: a change of a field that is not named in ``TRACKED_FIELDS`` or mapped by the portfolio keeps its
time and field, and loses its values.
"""

from collections.abc import Mapping

from orchestration.sources.export_format import ExportKind, SourceSettings
from orchestration.sources.instants import POSSIBLE_INSTANTS

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
    "parent link",
    "issueparentassociation",
    "fix version",
    "fixversions",
    "version",
    "versions",
    "priority",
    "link",
)

HISTORY = (
    "STRUCT(id VARCHAR, created VARCHAR, items STRUCT(field VARCHAR, fieldId VARCHAR, "
    '"from" VARCHAR, "fromString" VARCHAR, "to" VARCHAR, "toString" VARCHAR)[])[]'
)

_CHANGELOG_PAGE = {
    "self": "VARCHAR",
    "issueId": "VARCHAR",
    "issueKey": "VARCHAR",
    "key": "VARCHAR",
    "total": "BIGINT",
    "values": HISTORY,
    "histories": HISTORY,
}

# The page itself does not name its issue: its address does, or the key that a person wrote into the file's name.
_PAGE_ISSUE_REF = """coalesce(record.issueId, record.issueKey, record.key,
    nullif(regexp_extract(record.self, '/issue/([^/]+)/changelog', 1), ''),
    nullif(regexp_extract(export_file, '([A-Z][A-Z0-9_]*-[0-9]+)', 1), ''))"""

_PAGE_HISTORIES = 'coalesce(record."values", record.histories)'

_BULK_RECORD = {"issueId": "VARCHAR", "changeHistories": HISTORY}


def kinds(settings: SourceSettings) -> list[ExportKind]:
    """Declare the pages of ``/issue/{id}/changelog`` and ``/changelog/bulkfetch``."""
    tracked = tracked_fields(settings)
    return [
        _kind("changelog_pages", _CHANGELOG_PAGE, _PAGE_HISTORIES, _PAGE_ISSUE_REF, tracked),
        _kind(
            "bulk_changelog_pages",
            _BULK_RECORD,
            "record.changeHistories",
            "record.issueId",
            tracked,
            records_in="issueChangeLogs",
        ),
    ]


def tracked_fields(settings: SourceSettings) -> set[str]:
    """Return ids and names of the changed fields whose values are kept, in lower case.

    Changelogs of Jira Server name a custom field only by its name.
    """
    mapped = settings.fields.values()
    names = {settings.field_names[field_id].lower() for field_id in mapped if field_id in settings.field_names}
    return {*TRACKED_FIELDS, *(field_id.lower() for field_id in mapped), *names}


def changes_select(histories: str, origin: str, tracked: set[str], issue_ref: str) -> str:
    """Return the select of ``issue_changes``; values are kept for tracked fields only.

    Two unnests: histories with their place, then their items with theirs. An entry without items keeps one row without
    a field, because a tool's count of entries counts it too.
    """
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(tracked))
    kept = f"(lower(item.field) in ({names}) or lower(item.fieldId) in ({names}))"
    return f"""
            select export_file, exported_at, issue_ref, history.id, history_position, item_position,
                {_moment("history.created")}, item.field, item.fieldId,
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
                    where {_moment("history.created")} between {POSSIBLE_INSTANTS}
                )
            )"""


def unreadable_histories(histories: str, key: str) -> str:
    """Return the select of history entries that are left out because of their date."""
    return f"""
    select export_file, {key} as record_key,
        'change with an impossible date: ' || coalesce(history.created, 'none') as reason
    from (select export_file, exported_at, record, unnest({histories}) as history from landed where refusal is null)
    where coalesce({_moment("history.created")} not between {POSSIBLE_INSTANTS}, true)"""


def _moment(text: str) -> str:
    """Bulk answers of Jira Cloud give seconds or milliseconds since 1970 where every other answer gives ISO 8601."""
    return (
        f"coalesce(try_cast({text} as timestamptz),"
        f" case when regexp_full_match({text}, '[0-9]{{9,10}}') then to_timestamp(try_cast({text} as bigint))"
        f" when regexp_full_match({text}, '[0-9]{{12,13}}') then to_timestamp(try_cast({text} as bigint) / 1000.0) end)"
    )


def _kind(
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
        selects={"issue_changes": changes_select(histories, "changelog_page", tracked, issue_ref)},
        unreadable_parts=unreadable_histories(histories, issue_ref),
    )
