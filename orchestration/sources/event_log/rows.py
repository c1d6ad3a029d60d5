"""Event logs with a row for each event, as CSV or Parquet, in the columns that a portfolio names.

Belongs here: refusing and reading such rows. Does not belong here: pairing them to a way through the workflow (dbt).

Roles of ``format.columns``: item, status (or activity), time, start_time, created, resolved, type, team, size,
resolution, title, project, key, parent. A row of item, status and time enters the status at that time; with a start
time too it is an activity from start to end, one still running where the end is missing; without a status it is an item
of which only the resolution is known. Who did it is read only if a portfolio maps that column as the team.
"""

from collections.abc import Mapping
from dataclasses import replace

from orchestration.sources.export_format import ExportKind, SourceSettings
from orchestration.sources.instants import date_problem, instant

MOMENT_ROLES = ("start_time", "time", "created", "resolved")
_ROLE_OF_WORD = {"activity": "status"}
ITEM_ROLES = ("item", "key", "title", "type", "team", "size", "resolution", "project", "parent")
ROLES = frozenset({*ITEM_ROLES, *MOMENT_ROLES, "status", "activity", "resource"})


def row_kinds(settings: SourceSettings) -> tuple[ExportKind, ...]:
    """Declare CSV and Parquet rows; they differ in their layout, and in that Parquet has dates that are no text."""
    return tuple(
        ExportKind(
            name,
            "csv" if name == "csv_rows" else "parquet",
            # Without any mapped column a row is read all the same, and refused with what there is to do.
            columns_read(settings.columns.values() or ("item",)),
            {"events": _select(settings, name)},
            key=value(settings.columns, "item"),
            refusal=_refusal(settings, name),
            required_columns=tuple(columns_read(settings.columns.values())),
            rows_in="events",
        )
        for name in ("csv_rows", "parquet_rows")
    )


def columns_read(headers: object) -> dict[str, str]:
    """Return the record's columns for headers as the portfolio writes them; a file's may differ in case."""
    listed: dict[str, str] = {}
    for header in headers:  # type: ignore[attr-defined]
        listed.setdefault(str(header).casefold(), str(header))
    return dict.fromkeys(listed.values(), "VARCHAR")


def value(columns: Mapping[str, str], role: str) -> str:
    """Return SQL for the text that a row has for a role, NULL where the role has no column or the cell is blank."""
    by_role = {_ROLE_OF_WORD.get(word, word): header for word, header in columns.items()}
    if role not in by_role:
        return "NULL::VARCHAR"
    header = by_role[role].replace('"', '""')
    return f"nullif(trim(record.\"{header}\"), '')"


def moment(text: str, settings: SourceSettings, kind: str) -> str:
    """Return SQL for the instant that a text names; dates of Parquet's own type are ISO 8601 whatever is declared."""
    declared = instant(text, settings)
    if kind != "parquet_rows" or settings.date_format is None:
        return declared
    return f"coalesce({declared}, {instant(text, replace(settings, date_format=None))})"


def moment_problem(text: str, settings: SourceSettings, kind: str, called: str) -> str:
    """Return the WHEN clauses that refuse a text which should name an instant and names none, or a wild one."""
    return date_problem(called, text, moment(text, settings, kind), settings)


def unknown_roles(columns: Mapping[str, str]) -> str:
    """Return a WHEN clause that refuses every row where a portfolio names a role that event logs do not have."""
    unknown = sorted(columns.keys() - ROLES)
    if not unknown:
        return ""
    known = ", ".join(sorted(ROLES))
    return f"when true then 'format: columns names {', '.join(unknown)}, which is no role of an event log ({known})'"


def _refusal(settings: SourceSettings, kind: str) -> str:
    columns = settings.columns
    read = {role: value(columns, role) for role in ("item", "status", *MOMENT_ROLES)}
    problems = "".join(
        moment_problem(read[role], settings, kind, role) for role in MOMENT_ROLES if not read[role].startswith("NULL")
    )
    unknown = unknown_roles(columns)
    missing_item = f"when {read['item']} is null then 'row without item'" if "item" in columns else ""
    start, end = (moment(read[role], settings, kind) for role in ("start_time", "time"))
    if {"status", "activity"} & columns.keys():
        shape = f"""
            when {read["status"]} is null and {read["resolved"]} is null then 'row without status'
            when {read["status"]} is not null and {read["time"]} is null and {read["start_time"]} is null
                then 'row without time'
            when {start} > {end} then 'activity that ends before it starts: ' || {read["start_time"]}"""
    elif "resolved" in columns:
        shape = f"when {read['resolved']} is null then 'row without the time it was resolved'"
    else:
        shape = "when true then 'no status or resolution is mapped; name them in format: columns in portfolio.yaml'"
    return f"case {unknown} {missing_item} {problems} {shape} end"


def _select(settings: SourceSettings, kind: str) -> str:
    read = {role: value(settings.columns, role) for role in (*ITEM_ROLES, "status")}
    start, happened, created, resolved = (
        moment(value(settings.columns, role), settings, kind) for role in MOMENT_ROLES
    )
    has_starts = "start_time" in settings.columns
    # In a log of activities a row with its end alone is an activity of unknown length: it is entered and left at once.
    started = f"coalesce({start}, {happened})" if has_starts else "NULL::TIMESTAMPTZ"
    return f"""
        select export_file, exported_at,
            case when {read["status"]} is null then 'resolved' else '{"activity" if has_starts else "entry"}' end,
            {read["item"]}, {read["key"]}, {read["title"]}, {read["type"]}, {read["team"]}, {read["size"]},
            {read["resolution"]}, {read["project"]}, {read["parent"]}, {read["status"]}, NULL::VARCHAR,
            {started}, {happened}, {created}, {resolved}, record_number, NULL::BIGINT, NULL::BIGINT
        from landed where refusal is null"""
