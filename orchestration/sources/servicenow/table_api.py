"""Answers of ServiceNow's Table API: task records of any class, audit entries, choices and groups.

Belongs here: reading them, whichever of its three forms a value has: ``"2"``, ``{"display_value": "In Progress",
"value": "2"}`` or ``{"link": "…/sys_user_group/<sys_id>", "value": "<sys_id>"}``. Does not belong here: what a state
code means (dbt).

Dates are read as the API keeps them: UTC, ``YYYY-MM-DD HH:MM:SS``. An export made with ``sysparm_display_value=true``
has them in a person's time zone and format; export with ``all`` or ``false``.
"""

from collections.abc import Mapping

from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings
from orchestration.sources.instants import POSSIBLE_INSTANTS

# Audited fields whose values flow facts need; those of others may name people.
TRACKED_FIELDS = (
    "state",
    "incident_state",
    "problem_state",
    "assignment_group",
    "category",
    "subcategory",
    "parent",
    "parent_incident",
    "epic",
    "sprint",
    "story_points",
    "hold_reason",
    "on_hold_reason",
    "close_code",
)
CUSTOM_FIELD_ROLES = ("estimate", "team", "parent", "flagged", "blocked_reason", "sprint")

# Raw column to field and which side of it: its value, or what people see.
_VALUES = {
    "sys_id": "sys_id",
    "number": "number",
    "class_name": "sys_class_name",
    "state_value": "state",
    "incident_state_value": "incident_state",
    "active": "active",
    "assignment_group_id": "assignment_group",
    "parent_id": "parent",
    "parent_incident_id": "parent_incident",
    "epic_id": "epic",
    "sprint_id": "sprint",
    "problem_id": "problem_id",
    "change_id": "rfc",
    "caused_by_id": "caused_by",
    "story_points": "story_points",
    "hold_reason_value": "hold_reason",
    "on_hold_reason_value": "on_hold_reason",
}
_SHOWN = {
    "state_name": "state",
    "incident_state_name": "incident_state",
    "assignment_group_name": "assignment_group",
    "title": "short_description",
    "goal": "goal",
    "priority": "priority",
    "urgency": "urgency",
    "severity": "severity",
    "impact": "impact",
    "category": "category",
    "subcategory": "subcategory",
    "close_code": "close_code",
    "service_name": "business_service",
    "configuration_item_name": "cmdb_ci",
    "hold_reason": "hold_reason",
    "on_hold_reason": "on_hold_reason",
}
_MOMENTS = {
    "opened": "opened_at",
    "created": "sys_created_on",
    "updated": "sys_updated_on",
    "resolved": "resolved_at",
    "closed": "closed_at",
    "planned_start": "start_date",
    "planned_end": "end_date",
}
_JUDGED = ("opened", "created", "updated", "resolved", "closed")

RECORDS = RawTable(
    "records",
    {
        **dict.fromkeys((*_VALUES, *_SHOWN), "VARCHAR"),
        **dict.fromkeys((f"{role}_field" for role in CUSTOM_FIELD_ROLES), "VARCHAR"),
        **dict.fromkeys(_MOMENTS, "TIMESTAMPTZ"),
    },
    "One row per record of a task class and export file: incidents, problems, changes, stories, epics, sprints.",
)
AUDIT_ENTRIES = RawTable(
    "audit_entries",
    {
        "audit_id": "VARCHAR",
        "table_name": "VARCHAR",
        "document_id": "VARCHAR",
        "field_name": "VARCHAR",
        "old_value": "VARCHAR",
        "new_value": "VARCHAR",
        "changed": "TIMESTAMPTZ",
        "record_checkpoint": "BIGINT",
    },
    "One row per changed field of a record (sys_audit); values of tracked fields only.",
)
CHOICES = RawTable(
    "choices",
    {"table_name": "VARCHAR", "element": "VARCHAR", "choice_value": "VARCHAR", "label": "VARCHAR"},
    "One row per choice of a field (sys_choice).",
)
GROUPS = RawTable(
    "groups", {"group_id": "VARCHAR", "group_name": "VARCHAR"}, "One row per assignment group (sys_user_group)."
)
TABLES = (RECORDS, AUDIT_ENTRIES, CHOICES, GROUPS)


def kinds(settings: SourceSettings) -> list[ExportKind]:
    """Declare pages, single answers and lines of each table for one source."""
    return [
        *_layouts(RECORDS.name, _record_fields(settings), _record_refusal(), _record_select(settings), "number"),
        *_layouts(
            AUDIT_ENTRIES.name,
            (
                "sys_id",
                "tablename",
                "documentkey",
                "fieldname",
                "oldvalue",
                "newvalue",
                "sys_created_on",
                "record_checkpoint",
            ),
            f"""case
                when {_value("documentkey")} is null then 'audit entry without documentkey'
                when {_value("fieldname")} is null then 'audit entry without fieldname'
                when {_moment("sys_created_on")} is null
                    then 'audit entry of an impossible date: ' || coalesce({_value("sys_created_on")}, 'none')
                when {_moment("sys_created_on")} not between {POSSIBLE_INSTANTS}
                    then 'audit entry outside its export: ' || {_value("sys_created_on")}
            end""",
            _audit_select(settings),
            "documentkey",
        ),
        *_layouts(
            CHOICES.name,
            ("name", "element", "value", "label", "language"),
            f"case when {_value('element')} is null or {_value('value')} is null then 'choice without a value' end",
            f"{_value('name')}, {_value('element')}, {_value('value')}, {_value('label')}",
            "label",
        ),
        *_layouts(
            GROUPS.name,
            ("sys_id", "name"),
            f"case when {_value('sys_id')} is null then 'group without sys_id' end",
            f"{_value('sys_id')}, {_shown('name')}",
            "name",
        ),
        # An answer without a record is no loss, and tells nothing.
        ExportKind("empty_pages", "unstructured", {"sys_id": "VARCHAR"}, {}, records_in="result"),
    ]


def _layouts(table: str, fields: tuple[str, ...], refusal: str, select: str, key: str) -> list[ExportKind]:
    columns = dict.fromkeys(fields, "JSON")
    inside = ", ".join(f'"{name}" JSON' for name in columns)

    def declare(
        layout: str, columns: Mapping[str, str], prefix: str = "record.", records_in: str | None = None
    ) -> ExportKind:
        def placed(sql: str) -> str:
            return sql.replace("record.", prefix)

        return ExportKind(
            f"{table}_{layout}",
            "newline_delimited" if layout == "lines" else "unstructured",
            columns,
            {table: f"select export_file, exported_at, {placed(select)} from landed where refusal is null"},
            key=placed(_value(key)),
            refusal=placed(refusal),
            rows_in=table,
            load_order=0 if table in (CHOICES.name, GROUPS.name) else 1,
            records_in=records_in,
        )

    return [
        declare("pages", columns, records_in="result"),
        declare("lines", columns),
        declare("documents", {"result": f"STRUCT({inside})"}, "record.result."),
    ]


def _record_fields(settings: SourceSettings) -> tuple[str, ...]:
    fields = (*_VALUES.values(), *_SHOWN.values(), *_MOMENTS.values(), *settings.fields.values())
    return tuple(dict.fromkeys(name.lower() for name in fields))


def _record_refusal() -> str:
    problems = "".join(
        f"""
        when {_value(field)} is not null and {_moment(field)} is null
            then '{field} that is no UTC date: ' || left({_value(field)}, 40)
        when {_moment(field)} not between {POSSIBLE_INSTANTS}
            then '{field} outside its export: ' || left({_value(field)}, 40)"""
        for field in (_MOMENTS[name] for name in _JUDGED)
    )
    return f"""case
        when {_value("sys_id")} is null then 'record without sys_id'
        when {_value("number")} is null then 'record without number'
        when {_value("sys_created_on")} is null and {_value("opened_at")} is null
            then 'record without sys_created_on'
        {problems}
    end"""


def _record_select(settings: SourceSettings) -> str:
    roles = (_shown(settings.fields[role]) if role in settings.fields else "NULL" for role in CUSTOM_FIELD_ROLES)
    return ", ".join(
        (
            *(_value(field) for field in _VALUES.values()),
            *(_shown(field) for field in _SHOWN.values()),
            *roles,
            *(_moment(field) for field in _MOMENTS.values()),
        )
    )


def _audit_select(settings: SourceSettings) -> str:
    tracked = ", ".join(f"'{_escaped(name.lower())}'" for name in (*TRACKED_FIELDS, *settings.fields.values()))
    kept = f"lower({_value('fieldname')}) in ({tracked})"
    return f"""{_value("sys_id")}, {_value("tablename")}, {_value("documentkey")}, lower({_value("fieldname")}),
        case when {kept} then {_value("oldvalue")} end, case when {kept} then {_value("newvalue")} end,
        {_moment("sys_created_on")}, try_cast({_value("record_checkpoint")} as bigint)"""


def _value(field: str) -> str:
    """Return SQL for the value of a field in any of its forms, NULL where it is empty."""
    name = f'record."{_quoted(field)}"'
    return f"""nullif(coalesce(json_extract_string({name}, '$.value'),
        nullif(regexp_extract(json_extract_string({name}, '$.link'), '/([0-9A-Za-z]+)$', 1), ''),
        case when json_type({name}) not in ('OBJECT', 'ARRAY', 'NULL')
            then json_extract_string({name}, '$') end), '')"""


def _shown(field: str) -> str:
    """Return SQL for what people see of a field, its value where the export does not say it."""
    return f"coalesce(nullif(json_extract_string(record.\"{_quoted(field)}\", '$.display_value'), ''), {_value(field)})"


def _moment(field: str) -> str:
    # The API writes no zone; it means UTC.
    return f"timezone('UTC', try_cast({_value(field)} as timestamp))"


def _quoted(text: str) -> str:
    return text.lower().replace('"', '""')


def _escaped(text: str) -> str:
    return text.replace("'", "''")
