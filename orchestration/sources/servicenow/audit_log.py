"""The incident audit log: a CSV file with one row for each update of an incident, showing it as it was then.

Belongs here: reading its rows. Does not belong here: the Table API (``table_api``), what changed between rows (dbt).

The columns are those of ``incident_event_log`` (UCI dataset 498); how its dates are written and which mark stands for
"no value" only the portfolio tells (``format.date_format``, ``format.missing``).
"""

from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings
from orchestration.sources.instants import date_problem, instant

_TEXTS = (
    "number",
    "incident_state",
    "assignment_group",
    "category",
    "subcategory",
    "priority",
    "impact",
    "urgency",
    "problem_id",
    "rfc",
    "caused_by",
    "closed_code",
    "cmdb_ci",
)
_MOMENTS = {
    "opened": "opened_at",
    "created": "sys_created_at",
    "updated": "sys_updated_at",
    "resolved": "resolved_at",
    "closed": "closed_at",
}

TABLE = RawTable(
    "incident_updates",
    {
        **dict.fromkeys(_TEXTS, "VARCHAR"),
        "is_active": "BOOLEAN",
        "reassignment_count": "BIGINT",
        "reopen_count": "BIGINT",
        "sys_mod_count": "BIGINT",
        **dict.fromkeys(_MOMENTS, "TIMESTAMPTZ"),
        "record_number": "BIGINT",
    },
    "One row per update of an incident, as exported; record_number is its place in the file.",
)


def kind(settings: SourceSettings) -> ExportKind:
    """Declare the log for one source."""
    texts = ", ".join(_text(name) for name in _TEXTS)
    moments = ", ".join(_moment(column, settings) for column in _MOMENTS.values())
    return ExportKind(
        "incident_log",
        "csv",
        dict.fromkeys(
            (*_TEXTS, "active", "reassignment_count", "reopen_count", "sys_mod_count", *_MOMENTS.values()), "VARCHAR"
        ),
        {
            TABLE.name: f"""
                select export_file, exported_at, {texts}, try_cast(record.active as boolean),
                    try_cast(record.reassignment_count as bigint), try_cast(record.reopen_count as bigint),
                    try_cast(record.sys_mod_count as bigint), {moments}, record_number
                from landed where refusal is null"""
        },
        key="record.number",
        refusal=f"""case
            when {_text("number")} is null then 'update without number'
            when {_text("sys_updated_at")} is null then 'update without sys_updated_at'
            {"".join(_problem(column, settings) for column in _MOMENTS.values())}
        end""",
        required_columns=("number", "incident_state", "sys_updated_at"),
        rows_in=TABLE.name,
    )


def _text(column: str) -> str:
    return f"nullif(trim(record.{column}), '')"


def _moment(column: str, settings: SourceSettings) -> str:
    return instant(_text(column), settings)


def _problem(column: str, settings: SourceSettings) -> str:
    return date_problem(column, _text(column), _moment(column, settings), settings)
