"""Deployments, incidents and changes of any tool, kept or exported as CSV.

Belongs here: the roles that columns may have, and how lines become rows of ``raw_delivery_log.*``. Does not belong
here: what a tool with a reader of its own exports.

Three kinds of file, told by the word ``deploy``, ``incident`` or ``change`` (also ``pull`` or ``merge``) in the file's
name, else by the first column's header. Headers are the roles' names unless ``format: columns`` in the portfolio file
says otherwise. ``commits`` of a deployment are the commits it brought, parted by blanks, commas or semicolons.
"""

import re
from collections.abc import Mapping

from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings, ToolFormat
from orchestration.sources.instants import date_problem, instant

TABLES = (
    RawTable(
        "deployments",
        {
            "deployment": "VARCHAR",
            "project": "VARCHAR",
            "environment": "VARCHAR",
            "result": "VARCHAR",
            "commit": "VARCHAR",
            "commits": "VARCHAR[]",
            "ref": "VARCHAR",
            "started": "TIMESTAMPTZ",
            "finished": "TIMESTAMPTZ",
        },
        "One row per deployment and file.",
    ),
    RawTable(
        "incidents",
        {
            "incident": "VARCHAR",
            "title": "VARCHAR",
            "service": "VARCHAR",
            "severity": "VARCHAR",
            "urgency": "VARCHAR",
            "status": "VARCHAR",
            "opened": "TIMESTAMPTZ",
            "acknowledged": "TIMESTAMPTZ",
            "resolved": "TIMESTAMPTZ",
        },
        "One row per incident and file.",
    ),
    RawTable(
        "changes",
        {
            "change": "VARCHAR",
            "project": "VARCHAR",
            "title": "VARCHAR",
            "branch": "VARCHAR",
            "target": "VARCHAR",
            "merge_commit": "VARCHAR",
            "head_commit": "VARCHAR",
            "additions": "VARCHAR",
            "deletions": "VARCHAR",
            "first_commit": "TIMESTAMPTZ",
            "opened": "TIMESTAMPTZ",
            "first_review": "TIMESTAMPTZ",
            "approved": "TIMESTAMPTZ",
            "merged": "TIMESTAMPTZ",
            "closed": "TIMESTAMPTZ",
        },
        "One row per change (pull or merge request, change request) and file.",
    ),
)

# Of each kind of file: the role that names a row, and the one date without which the row says nothing.
_KEYS = {"deployments": ("deployment", None), "incidents": ("incident", "opened"), "changes": ("change", "opened")}
_WORDS = {"deployments": r"deploy", "incidents": r"incident", "changes": r"change|pull|merge"}


def recognise(file_name: str, head: str) -> str | None:
    """Name the kind of a CSV file by its name, else by its first header; None for what is neither."""
    name = file_name.lower().removesuffix(".gz")
    if not name.endswith(".csv") or not head.lstrip("\ufeff").strip():
        return None
    for kind, words in _WORDS.items():
        if re.search(words, name):
            return kind
    first = re.split(r"[,;\t|]", head.lstrip("\ufeff").splitlines()[0])[0].strip().strip('"').lower()
    return next((kind for kind, (key, _) in _KEYS.items() if first == key), None)


def kinds(settings: SourceSettings) -> Mapping[str, ExportKind]:
    """Declare the three kinds with the headers that the portfolio maps to their roles."""
    return {table.name: _kind(table, settings) for table in TABLES}


def _kind(table: RawTable, settings: SourceSettings) -> ExportKind:
    headers = {role: settings.columns.get(role, role) for role in table.columns}
    cells = {role: f'record."{header.replace(chr(34), chr(34) * 2)}"' for role, header in headers.items()}
    dates = {role: instant(cells[role], settings) for role, kind in table.columns.items() if kind == "TIMESTAMPTZ"}
    values = []
    for role, kind in table.columns.items():
        if role in dates:
            values.append(dates[role])
        elif kind == "VARCHAR[]":
            split = f"regexp_split_to_array({cells[role]}, '[,;\\s]+')"
            values.append(f"list_filter({split}, lambda part: part <> '')")
        else:
            values.append(f"trim({cells[role]})")
    key, date = _KEYS[table.name]
    missing_date = (
        f"when {cells[date]} is null then '{key} without {date}'"
        if date
        else f"when coalesce({cells['finished']}, {cells['started']}) is null then '{key} without started and finished'"
    )
    return ExportKind(
        table.name,
        "csv",
        dict.fromkeys(headers.values(), "VARCHAR"),
        {table.name: f"select export_file, exported_at, {', '.join(values)} from landed where refusal is null"},
        key=cells[key],
        refusal=f"""
            case when trim(coalesce({cells[key]}, '')) = '' then '{key} without name' {missing_date}
                {"".join(date_problem(role, cells[role], moment, settings) for role, moment in dates.items())}
            end""",
        required_columns=(headers[key],),
        rows_in=table.name,
    )


FORMAT = ToolFormat(
    tool="delivery_log",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    moments=(
        ("deployments", "started"),
        ("deployments", "finished"),
        ("incidents", "opened"),
        ("incidents", "resolved"),
        ("changes", "opened"),
        ("changes", "merged"),
        ("changes", "closed"),
    ),
)
