"""The words in which a tool's module describes its exports.

Belongs here: the declarations every tool shares. Does not belong here: anything that is true of one tool only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

# Every raw table carries these beside its own columns, so that a number can be traced to the export it came from.
LINEAGE_COLUMNS: Mapping[str, str] = {
    "source_id": "VARCHAR",
    "export_file": "VARCHAR",
    "exported_at": "TIMESTAMPTZ",
    "loaded_at": "TIMESTAMPTZ",
    "refresh_id": "VARCHAR",
}


@dataclass(frozen=True)
class RawTable:
    """One table of ``raw_<tool>``: its name, its columns with their DuckDB types, and what a row is."""

    name: str
    columns: Mapping[str, str]
    description: str


@dataclass(frozen=True)
class ExportKind:
    """One shape of file that a tool writes.

    ``record_columns``: the typed JSON columns read from each record (name to DuckDB type).
    ``layout``: ``newline_delimited`` (one record a line), ``array`` (one JSON array) or ``unstructured`` (whole
    documents, one or many).
    ``records_in``: the list inside a document that holds the records (None: the document is the record).
    ``key``: SQL expression naming a record to a reader of the quarantine.
    ``refusal``: SQL expression over a record (and ``exported_at``): NULL if it can be loaded, else the reason.
    ``selects``: raw table name to the SQL over ``landed(record, export_file, exported_at, refusal)`` that fills it;
    its first columns are ``export_file, exported_at``, the rest are the raw table's own in their order.
    ``unreadable_parts``: optional select of (export_file, record_key, reason) for parts that were left out of a record.
    """

    name: str
    layout: Literal["newline_delimited", "array", "unstructured"]
    record_columns: Mapping[str, str]
    selects: Mapping[str, str]
    key: str = "NULL"
    refusal: str = "NULL"
    records_in: str | None = None
    unreadable_parts: str | None = None
    load_order: int = 1


@dataclass(frozen=True)
class ToolFormat:
    """All that the loader needs to know of a tool.

    ``recognise(file name, first characters of the file)`` returns the name of an export kind, or None for a file that
    is not this tool's.
    ``kinds(field map, custom field names)`` returns the export kinds for one portfolio's custom fields.
    ``mapped_field_names``: SQL over the tool's own raw tables that yields (field id, field name) of custom fields.
    """

    tool: str
    tables: tuple[RawTable, ...]
    recognise: Callable[[str, str], str | None]
    kinds: Callable[[Mapping[str, str], Mapping[str, str]], Mapping[str, ExportKind]]
    complete_to: str
    mapped_field_names: str | None = None
