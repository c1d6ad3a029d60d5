"""The records of export files, read by DuckDB into the temporary table ``landed``.

Belongs here: how JSON, CSV, Parquet and prepared files become rows of ``record``, ``record_number``, ``export_file``,
``exported_at`` and ``refusal``, and which lines of them could not be read. Does not belong here: where the rows go
(``landing``), what a record of a tool looks like (``orchestration.sources``).
"""

import codecs
import csv
import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.sources import ExportKind, SourceSettings, UnreadableExport
from orchestration.warehouse.export_inventory import ExportFile

_SMALLEST_OBJECT = 16 << 20
_LARGEST_OBJECT = 1 << 30
# A page of Jira shrinks to about a twentieth of its size; a reader needs a buffer for the whole of it.
_GZIP_RATIO = 30
_LONGEST_LINE = 64 << 20
# The columns are declared; DuckDB would still look at thousands of records to guess them, which takes longer than to
# read a page.
_NO_SAMPLING = "sample_size = 1, maximum_sample_files = 1, maximum_depth = 1"
# The encodings that DuckDB reads without an extension, by Python's name.
CSV_ENCODINGS = {"utf-8": "utf-8-sig", "latin-1": "latin-1", "utf-16": "utf-16"}
_DELIMITERS = (",", ";", "\t", "|")


# The lines of a file as they are, one a row; what is no UTF-8 is rejected.
LINE_SCAN = (
    "read_csv('{path}', columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', header = false,"
    f" auto_detect = false, max_line_size = {_LONGEST_LINE}, parallel = false, null_padding = false,"
    " ignore_errors = true, store_rejects = true)"
)


@dataclass(frozen=True)
class RejectedLine:
    """A line that is no record at all: the file's name in the portfolio, the line as people count it, and why."""

    export_file: str
    line_number: int | None
    reason: str


def read_records(
    connection: duckdb.DuckDBPyConnection, kind: ExportKind, files: list[ExportFile], settings: SourceSettings
) -> list[RejectedLine]:
    """Fill ``landed`` with one row a record of the files, with its refusal if it has one; returns what was no record.

    Raises:
        UnreadableExport: A file cannot be read as what it is.
        duckdb.Error: As above, found by the reader. ``preserve_insertion_order`` is then as the reader had set it, and
            cannot be set back before the caller has rolled back.
    """
    _list_files(connection, files)
    if kind.layout in ("csv", "parquet"):
        return _read_tables(connection, kind, files, settings)
    with tempfile.TemporaryDirectory(prefix="weir-") as folder:
        paths = {file.path: _readable(kind, file.path, Path(folder) / str(number)) for number, file in enumerate(files)}
        connection.executemany(
            "update landing_files set filename = ? where filename = ?",
            [(str(readable), str(path)) for path, readable in paths.items()],
        )
        connection.execute(f"set preserve_insertion_order = {_is_numbered(kind)}")
        try:
            connection.execute(_landed(kind, _json_rows(kind, paths, files)))
        except UnicodeDecodeError:
            # DuckDB quotes the broken bytes in its message, which is then no text either.
            raise UnreadableExport("not UTF-8 text") from None
    connection.execute("set preserve_insertion_order = false")
    return []


def _readable(kind: ExportKind, path: Path, target: Path) -> Path:
    """Return the file that DuckDB can read: the file itself, what ``prepare`` makes of it, or a copy without its mark.

    A byte order mark would cost a newline-delimited file its first record.
    """
    if kind.prepare is not None:
        kind.prepare(path, target)
        return target
    if kind.layout == "newline_delimited":
        opened = gzip.open if path.suffix == ".gz" else open
        try:
            with opened(path, "rb") as content:
                if content.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
                    with target.open("wb") as copy:
                        shutil.copyfileobj(content, copy)
                    return target
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableExport(f"a broken archive ({error})") from None
    return path


def _list_files(connection: duckdb.DuckDBPyConnection, files: Iterable[ExportFile]) -> None:
    connection.execute(
        "create or replace temp table landing_files (filename varchar, export_file varchar, exported_at timestamptz)"
    )
    connection.executemany(
        "insert into landing_files values (?, ?, ?)", [(str(file.path), file.name, file.exported_at) for file in files]
    )


def _landed(kind: ExportKind, rows: str) -> str:
    return f"""
        create or replace temp table landed as
        select record, record_number, export_file, exported_at, ({kind.refusal}) as refusal
        from ({rows}) inner join landing_files using (filename)"""


def _json_rows(kind: ExportKind, paths: Mapping[Path, Path], files: list[ExportFile]) -> str:
    columns = ", ".join(f"'{name}': '{escaped(type_)}'" for name, type_ in kind.record_columns.items())
    if kind.records_in:
        inner = f"STRUCT({struct_fields(kind)})[]"
        columns = f"'{kind.records_in}': '{escaped(inner)}'"
        record = f'unnest("{kind.records_in}") as record, generate_subscripts("{kind.records_in}", 1) as record_number'
    else:
        fields = ", ".join(f'"{name}" := "{name}"' for name in kind.record_columns)
        # Lines are numbered when one is refused; documents have no lines, so the place among the file's own names them.
        place = "row_number() over ()" if _is_numbered(kind) else "null::bigint"
        record = f"struct_pack({fields}) as record, {place} as place"
    listed = ", ".join(f"'{escaped(str(paths[file.path]))}'" for file in files)
    lenient = ", ignore_errors = true" if kind.layout == "newline_delimited" else ""
    rows = f"""
        select {record}, filename
        from read_json([{listed}], format = '{kind.layout}', columns = {{{columns}}}, filename = true,
            maximum_object_size = {_object_size(kind, files)}, {_NO_SAMPLING}{lenient})"""
    if kind.records_in:
        return rows
    number = "place - min(place) over (partition by filename) + 1" if _is_numbered(kind) else "place"
    return f"select record, {number} as record_number, filename from ({rows})"


def _is_numbered(kind: ExportKind) -> bool:
    return kind.layout != "newline_delimited" or kind.prepare is not None


def _object_size(kind: ExportKind, files: list[ExportFile]) -> int:
    if kind.layout == "newline_delimited":
        return _SMALLEST_OBJECT
    largest = max(file.n_bytes * (_GZIP_RATIO if file.path.suffix == ".gz" else 1) for file in files)
    return min(max(_SMALLEST_OBJECT, largest + 1024), _LARGEST_OBJECT)


def _read_tables(
    connection: duckdb.DuckDBPyConnection, kind: ExportKind, files: list[ExportFile], settings: SourceSettings
) -> list[RejectedLine]:
    """Read CSV or Parquet files one by one: each has its own header, and lines are counted within a file."""
    connection.execute(
        f"create or replace temp table landed (record STRUCT({struct_fields(kind)}), record_number BIGINT,"
        " export_file VARCHAR, exported_at TIMESTAMPTZ, refusal VARCHAR)"
    )
    rejected = []
    # The place of a row in its file names it to people, and orders rows of the same moment.
    connection.execute("set preserve_insertion_order = true")
    for file in files:
        if kind.layout == "csv":
            header, delimiter = _csv_header(file, settings)
            scan = _csv_scan(file, header, delimiter, settings)
            record = _csv_record(kind, header)
        else:
            scan = f"read_parquet('{escaped(str(file.path))}')"
            record = _parquet_record(kind, _parquet_header(connection, scan), settings)
        connection.execute(
            f"""
            insert into landed
            select record, record_number, export_file, exported_at, ({kind.refusal})
            from (
                select struct_pack({record}) as record, row_number() over () as record_number,
                    '{escaped(str(file.path))}' as filename
                from {scan}
            ) inner join landing_files using (filename)"""
        )
        if kind.layout == "csv":
            rejected += take_rejects(connection, file)
    connection.execute("set preserve_insertion_order = false")
    return rejected


def _csv_header(file: ExportFile, settings: SourceSettings) -> tuple[list[str], str]:
    """Read the header by itself: headers may repeat, and the delimiter is the one it has most of."""
    encoding = CSV_ENCODINGS[settings.encoding]
    opened = gzip.open if file.path.suffix == ".gz" else open
    try:
        with opened(file.path, "rt", encoding=encoding, newline="") as text:
            first = text.readline(_LONGEST_LINE)
            # A header cell may hold a line break: its quotes are closed lines later.
            while first.count('"') % 2 and (line := text.readline(_LONGEST_LINE)):
                first += line
    except UnicodeError:
        raise UnreadableExport(
            f"not {settings.encoding} text; declare its encoding under format: encoding, or save it as UTF-8"
        ) from None
    except (OSError, EOFError) as error:
        raise UnreadableExport(f"a broken archive ({error})") from None
    delimiter = settings.delimiter or max(_DELIMITERS, key=first.count)
    csv.field_size_limit(_LONGEST_LINE)
    try:
        header = next(csv.reader([first], delimiter=delimiter), [])
    except csv.Error as error:
        raise UnreadableExport(f"a header that is no CSV ({error})") from None
    if not any(name.strip() for name in header):
        raise UnreadableExport("without a header")
    return [name.strip() for name in header], delimiter


def _csv_scan(file: ExportFile, header: list[str], delimiter: str, settings: SourceSettings) -> str:
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(header)))
    # An empty cell is no value either, unless quotes say that it is an empty text.
    missing = ", ".join(f"'{escaped(mark)}'" for mark in ("", *settings.missing))
    # Rejected lines are kept by one reader only: with several, lines are not counted from the file's beginning.
    return (
        f"read_csv('{escaped(str(file.path))}', columns = {{{columns}}}, header = true, auto_detect = false,"
        f" delim = '{escaped(delimiter)}', quote = '\"', escape = '\"', nullstr = [{missing}],"
        f" encoding = '{settings.encoding}', max_line_size = {_LONGEST_LINE}, parallel = false,"
        " ignore_errors = true, store_rejects = true)"
    )


def _csv_record(kind: ExportKind, header: list[str]) -> str:
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header):
        places.setdefault(name.casefold(), []).append(place)
    parts = []
    for name in kind.record_columns:
        found = places.get(name.casefold(), [])
        if not found and name in kind.required_columns:
            raise UnreadableExport(_lacks(name, header))
        if name in kind.repeated_columns:
            cells = ", ".join(f"c{place}" for place in found)
            value = f"list_filter([{cells}]::VARCHAR[], lambda cell: cell is not null)"
        else:
            value = f"c{found[0]}" if found else "null::VARCHAR"
        parts.append(f'"{name}" := {value}')
    return ", ".join(parts)


def _parquet_header(connection: duckdb.DuckDBPyConnection, scan: str) -> list[str]:
    """Read the columns from the file's end; one that was cut short or overwritten has none there."""
    try:
        return [row[0] for row in connection.execute(f"describe select * from {scan}").fetchall()]
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UnreadableExport(f"torn or no Parquet at all ({reason})") from None


def _parquet_record(kind: ExportKind, header: list[str], settings: SourceSettings) -> str:
    by_name = {name.casefold(): name for name in header}
    missing = ", ".join(f"'{escaped(mark)}'" for mark in ("", *settings.missing))
    parts = []
    for name, type_ in kind.record_columns.items():
        found = by_name.get(name.casefold())
        if found is None and name in kind.required_columns:
            raise UnreadableExport(_lacks(name, header))
        column = "null" if found is None else '"' + found.replace('"', '""') + '"'
        value = f"try_cast({column} as {type_})"
        if type_ == "VARCHAR":
            value = f"case when {value} not in ({missing}) then {value} end"
        parts.append(f'"{name}" := {value}')
    return ", ".join(parts)


def _lacks(name: str, header: list[str]) -> str:
    shown = ", ".join(header[:12]) + (" …" if len(header) > 12 else "")  # noqa: PLR2004
    return f"without the column '{name}' (its columns: {shown}); correct format: columns in portfolio.yaml"


def take_rejects(connection: duckdb.DuckDBPyConnection, file: ExportFile) -> list[RejectedLine]:
    """Return the lines that the last scan of a file rejected, and forget them."""
    rows = connection.execute(
        "select line_byte_position, any_value(csv_line order by column_idx),"
        " any_value(lower(error_type::varchar) || ': ' || error_message order by column_idx)"
        " from reject_errors group by line_byte_position order by line_byte_position"
    ).fetchall()
    connection.execute("drop table if exists reject_errors")
    connection.execute("drop table if exists reject_scans")
    if not rows:
        return []
    # DuckDB counts records, and one with line breaks in a cell is several lines to whoever opens the file. What it
    # calls the line may begin with blank ones.
    starts = [position - 1 + len(line) - len(line.lstrip("\r\n")) for position, line, _ in rows]
    numbers = _line_numbers(file.path, starts)
    return [
        RejectedLine(file.name, number, f"malformed line ({reason.splitlines()[0]})")
        for number, (_, _, reason) in zip(numbers, rows, strict=True)
    ]


def _line_numbers(path: Path, positions: list[int]) -> list[int]:
    """Return the line, from 1, in which each byte lies; positions ascend."""
    opened = gzip.open if path.suffix == ".gz" else open
    numbers, line, read = [], 1, 0
    with opened(path, "rb") as content:
        for position in positions:
            while read < position and (piece := content.read(min(position - read, 1 << 20))):
                line += piece.count(b"\n")
                read += len(piece)
            numbers.append(line)
    return numbers


def struct_fields(kind: ExportKind) -> str:
    """Return the record's columns and types as the inside of a STRUCT."""
    return ", ".join(f'"{name}" {type_}' for name, type_ in kind.record_columns.items())


def escaped(text: str) -> str:
    """Return the text for the inside of a SQL literal."""
    return text.replace("'", "''")
