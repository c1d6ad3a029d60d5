"""The words in which a tool's module describes its exports.

Belongs here: the declarations every tool shares. Does not belong here: anything that is true of one tool only.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

# Every raw table carries these beside its own columns, so that a number can be traced to the export it came from.
LINEAGE_COLUMNS: Mapping[str, str] = {
    "source_id": "VARCHAR",
    "export_file": "VARCHAR",
    "exported_at": "TIMESTAMPTZ",
    "loaded_at": "TIMESTAMPTZ",
    "refresh_id": "VARCHAR",
}


# The file's name handed to a function, beside the column that every row carries.
_NAME_READ = re.compile(r"\(\s*export_file\b|\bexport_file\s*\)")


@dataclass(frozen=True)
class RawTable:
    """One table of ``raw_<tool>``: its name, its columns with their DuckDB types, and what a row is."""

    name: str
    columns: Mapping[str, str]
    description: str


@dataclass(frozen=True)
class SourceSettings:
    """What a portfolio says about one source, as far as reading its files needs it.

    ``fields``: role (``estimate``, ``team`` …) to the tool's own field id. ``field_names``: field id to its name in the
    tool's list of fields. ``columns``: role to the header of a CSV or Parquet export. ``stages``: headers of the stage
    columns of a dates-per-stage export, in order. ``date_format``: DuckDB's strptime format of dates written as text
    (None: ISO 8601 only). ``timezone``: zone of dates without an offset. ``missing``: marks that mean "no value".
    ``delimiter`` (None: found in the header) and ``encoding`` of CSV.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    field_names: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[str, ...] = ()
    date_format: str | None = None
    timezone: str = "UTC"
    missing: tuple[str, ...] = ()
    delimiter: str | None = None
    encoding: str = "utf-8"


class UnreadableExport(ValueError):
    """A file that cannot be read as the kind it was taken for; the text says why, in words for a reader."""


@dataclass(frozen=True)
class ExportKind:
    """One shape of file that a tool writes.

    ``record_columns``: the typed columns read from each record (name to DuckDB type); in ``csv`` files every one is
    text, and a column that a ``csv`` or ``parquet`` file lacks is NULL unless it is one of ``required_columns``.
    ``layout``: ``newline_delimited`` (one JSON record a line), ``array`` (one JSON array), ``unstructured`` (whole JSON
    documents, one or many), ``csv`` (with a header) or ``parquet``.
    ``records_in``: the list inside a JSON document that holds the records (None: the document is the record).
    ``repeated_columns``: headers that a ``csv`` file may bear several times; the record has them as one VARCHAR[].
    ``prepare``: writes a file that DuckDB cannot read (XML) as newline-delimited JSON of ``record_columns``; raises
    ``UnreadableExport``. The layout is that of what it writes.
    ``key``: SQL expression naming a record to a reader of the quarantine.
    ``refusal``: SQL expression over a record (and ``exported_at``): NULL if it can be loaded, else the reason.
    ``selects``: raw table name to the SQL over ``landed(record, export_file, exported_at, refusal)`` that fills it;
    its first columns are ``export_file, exported_at``, the rest are the raw table's own in their order.
    ``record_number`` is there too, the place of the record in its file (NULL for newline-delimited JSON).
    ``rows_in``: the raw table that gets exactly one row of each record, so that none can be lost unseen.
    ``unreadable_parts``: optional select of (export_file, record_key, reason) for parts that were left out of a record.
    """

    name: str
    layout: Literal["newline_delimited", "array", "unstructured", "csv", "parquet"]
    record_columns: Mapping[str, str]
    selects: Mapping[str, str]
    key: str = "NULL"
    refusal: str = "NULL"
    records_in: str | None = None
    unreadable_parts: str | None = None
    load_order: int = 1
    required_columns: tuple[str, ...] = ()
    repeated_columns: tuple[str, ...] = ()
    prepare: Callable[[Path, Path], None] | None = None
    rows_in: str | None = None

    @property
    def reads_its_name(self) -> bool:
        """Whether a row takes something from its file's name: then equal contents under two names are two things."""
        return any(_NAME_READ.search(text) for text in (self.key, self.refusal, *self.selects.values()))


@dataclass(frozen=True)
class ToolFormat:
    """All that the loader needs to know of a tool.

    ``recognise(file name, first characters of the file)`` returns the name of an export kind, or None for a file that
    is not this tool's.
    ``kinds(settings)`` returns the export kinds for one source.
    ``moments``: the instants (table, column) among what was loaded: the newest tells up to when a source is complete
    unless a manifest says more, the oldest where its calendar has to begin.
    ``mapped_field_names``: SQL over the tool's own raw tables that yields (field id, field name) of custom fields.
    ``item_references``: raw table to its columns that name a work item, by its id or a key, so that a refresh can tell
    which items new rows touch. Rows of other tables touch none by themselves. None: a new file of the tool touches all
    items of its source.
    """

    tool: str
    tables: tuple[RawTable, ...]
    recognise: Callable[[str, str], str | None]
    kinds: Callable[[SourceSettings], Mapping[str, ExportKind]]
    moments: tuple[tuple[str, str], ...]
    mapped_field_names: str | None = None
    item_references: Mapping[str, tuple[str, ...]] | None = None
