"""Export files into ``raw_<tool>.*``: what is new, read once by DuckDB, with lineage; what cannot be read, quarantined.

Belongs here: the statements that are the same for every tool. Does not belong here: the shape of any tool's export
(``orchestration.sources``) and any meaning of a value (dbt).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.sources import TOOLS, ExportKind, ToolFormat
from orchestration.warehouse.export_inventory import ExportFile, Source, list_exports
from orchestration.warehouse.raw_tables import create_raw_tables

_BATCH_BYTES = 4 << 30
_SMALLEST_OBJECT = 16 << 20
_LARGEST_OBJECT = 1 << 30
# A page of Jira shrinks to about a twentieth of its size; a reader needs a buffer for the whole of it.
_GZIP_RATIO = 30
# No file's name begins so: a row bears it only while names are being swapped.
_MOVING = "\x00"


@dataclass
class LandingReport:
    """What one source brought in this refresh."""

    source_id: str
    n_files_loaded: int = 0
    n_files_known: int = 0
    n_records: int = 0
    n_quarantined: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Load:
    """What the statements of one source share."""

    connection: duckdb.DuckDBPyConnection
    tool: ToolFormat
    source_id: str
    refresh_id: str
    loaded_at: datetime
    report: LandingReport

    @property
    def schema(self) -> str:
        return f"raw_{self.tool.tool}"

    @property
    def lineage(self) -> dict[str, object]:
        return {"source_id": self.source_id, "loaded_at": self.loaded_at, "refresh_id": self.refresh_id}


def land_source(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    field_map: Mapping[str, str],
    portfolio_folder: Path,
    refresh_id: str,
    loaded_at: datetime,
) -> LandingReport:
    """Load the files of one source that are new or were read with another shape; returns what came in.

    A file counts as known if its content was loaded before with the same shape (the mapped fields are part of it), so
    a field mapped later reads the files again. A file that cannot be read is reported and quarantined as a whole; it
    never stops the others.
    """
    tool = TOOLS[source.tool]
    report = LandingReport(source.id)
    load = _Load(connection, tool, source.id, refresh_id, loaded_at, report)
    create_raw_tables(connection, [source.tool])
    forget_unreadable_source(connection, source)
    files, complete_to = list_exports(source, portfolio_folder, tool, loaded_at)
    if not files:
        report.messages.append(f"{source.id}: no export files under {source.exports}; drop the tool's exports there.")
    tonight = {file.name: file.content_hash for file in files}
    for order in (0, 1):
        # Fields first: the changelogs of Jira Server name a custom field only by its name.
        kinds = tool.kinds(field_map, _mapped_field_names(load))
        shapes = {name: _shape_hash(kind) for name, kind in kinds.items()}
        due = [file for file in files if file.kind is not None and kinds[file.kind].load_order == order]
        for kind_name, batch in _batches(_new_files(load, due, shapes, tonight)):
            _load_batch(load, kinds[kind_name], shapes[kind_name], batch)
    for file in files:
        if file.kind is None:
            _refuse_file(load, file, "", f"not a file that {source.tool} exports")
    _note_completeness(load, complete_to)
    return report


def _mapped_field_names(load: _Load) -> dict[str, str]:
    if load.tool.mapped_field_names is None:
        return {}
    rows = load.connection.execute(load.tool.mapped_field_names, {"source_id": load.source_id}).fetchall()
    return dict(rows)


def _shape_hash(kind: ExportKind) -> str:
    return hashlib.sha256(repr(kind).encode()).hexdigest()[:16]


def _new_files(
    load: _Load, files: Iterable[ExportFile], shapes: Mapping[str, str], tonight: Mapping[str, str]
) -> list[ExportFile]:
    """Return the files whose content has to be read; content that only changed its name takes its rows along.

    ``tonight``: name to content hash of every file of the source. Content counts as loaded under another name only if
    that name still holds it: of rotated files (``issues.json`` becomes ``issues-1.json``) none may be forgotten.
    """
    rows = load.connection.execute(
        f"select content_hash, shape_hash, export_file from {load.schema}.export_files"
        " where source_id = $source_id and is_readable",
        {"source_id": load.source_id},
    ).fetchall()
    holders: dict[tuple[str, str], list[str]] = {}
    for content, shape, name in rows:
        holders.setdefault((content, shape), []).append(name)
    new, renamed = [], {}
    for file in files:
        identity = (file.content_hash, shapes[str(file.kind)])
        names = holders.get(identity, [])
        if file.name in names or any(tonight.get(name) == file.content_hash for name in names):
            load.report.n_files_known += 1
        elif names:
            renamed[names.pop()] = file.name
            holders[identity] = [*names, file.name]
            load.report.n_files_known += 1
        else:
            holders[identity] = [file.name]
            new.append(file)
    _rename_files(load, renamed)
    return new


def _rename_files(load: _Load, renamed: Mapping[str, str]) -> None:
    """Give rows the name that their file has now; by way of a name that no file has, because names may be swapped."""
    for old, name in renamed.items():
        _relabel(load, old, f"{_MOVING}{name}")
    for name in renamed.values():
        _forget_file(load, name)
        _relabel(load, f"{_MOVING}{name}", name)


def _relabel(load: _Load, old: str, name: str) -> None:
    values = {"source_id": load.source_id, "old": old, "name": name}
    for table in _tables_of_files(load):
        load.connection.execute(
            f"update {table} set export_file = $name where source_id = $source_id and export_file = $old", values
        )


def _tables_of_files(load: _Load) -> list[str]:
    tables = [f"{load.schema}.{table.name}" for table in load.tool.tables]
    return [*tables, f"{load.schema}.export_files", "quality.quarantined_records"]


def _batches(files: Iterable[ExportFile]) -> Iterator[tuple[str, list[ExportFile]]]:
    """Group files of one kind, as many as a few gigabytes allow, so that a thousand small pages are one statement."""
    by_kind: dict[str, list[ExportFile]] = {}
    for file in files:
        by_kind.setdefault(str(file.kind), []).append(file)
    for kind, listed in by_kind.items():
        batch: list[ExportFile] = []
        for file in listed:
            if batch and sum(each.n_bytes for each in batch) + file.n_bytes > _BATCH_BYTES:
                yield kind, batch
                batch = []
            batch.append(file)
        yield kind, batch


def _load_batch(load: _Load, kind: ExportKind, shape_hash: str, files: list[ExportFile]) -> None:
    """Load files together; where one of them breaks the statement, each alone, so that only the broken one is lost."""
    load.connection.begin()
    try:
        _load_files(load, kind, shape_hash, files)
    except duckdb.Error as error:
        load.connection.rollback()
        if len(files) > 1:
            for file in files:
                _load_batch(load, kind, shape_hash, [file])
        else:
            _refuse_file(load, files[0], shape_hash, f"unreadable {kind.name}: {str(error).splitlines()[0]}")
        return
    load.connection.commit()


def _load_files(load: _Load, kind: ExportKind, shape_hash: str, files: list[ExportFile]) -> None:
    connection = load.connection
    for file in files:
        _forget_file(load, file.name)
    _read_records(connection, kind, files)
    for table in load.tool.tables:
        if table.name not in kind.selects:
            continue
        columns = ", ".join(f'"{name}"' for name in ("export_file", "exported_at", *table.columns))
        inserted = connection.execute(
            f"insert into {load.schema}.{table.name} ({columns}, source_id, loaded_at, refresh_id)"
            f" select *, $source_id, $loaded_at, $refresh_id from ({kind.selects[table.name]})",
            load.lineage,
        ).fetchone()
        load.report.rows[table.name] += inserted[0] if inserted else 0
    counts = connection.execute(
        "select export_file, count(*), count(refusal) from landed group by export_file"
    ).fetchall()
    read = {name: (n_records, n_refused) for name, n_records, n_refused in counts}
    for file in files:
        n_records, n_refused = read.get(file.name, (0, 0))
        if n_refused:
            _quarantine_records(load, kind, file)
        n_parts = _quarantine_parts(load, kind, file)
        _note_file(load, file, shape_hash, n_records=n_records, n_quarantined=n_refused + n_parts)
    connection.execute("drop table landed")


def _read_records(connection: duckdb.DuckDBPyConnection, kind: ExportKind, files: list[ExportFile]) -> None:
    """Read the files into the temporary table ``landed``: one row a record, with its refusal if it has one."""
    connection.execute(
        "create or replace temp table landing_files (filename varchar, export_file varchar, exported_at timestamptz)"
    )
    connection.executemany(
        "insert into landing_files values (?, ?, ?)", [(str(file.path), file.name, file.exported_at) for file in files]
    )
    columns = ", ".join(f"'{name}': '{_escaped(type_)}'" for name, type_ in kind.record_columns.items())
    if kind.records_in:
        inner = f"STRUCT({_struct_fields(kind)})[]"
        columns = f"'{kind.records_in}': '{_escaped(inner)}'"
        record = f'unnest("{kind.records_in}") as record, generate_subscripts("{kind.records_in}", 1) as record_number'
    else:
        fields = ", ".join(f'"{name}" := "{name}"' for name in kind.record_columns)
        record = f"struct_pack({fields}) as record, null::bigint as record_number"
    paths = ", ".join(f"'{_escaped(str(file.path))}'" for file in files)
    lenient = ", ignore_errors = true" if kind.layout == "newline_delimited" else ""
    connection.execute(
        f"""
        create or replace temp table landed as
        select record, record_number, export_file, exported_at, ({kind.refusal}) as refusal
        from (
            select {record}, filename
            from read_json([{paths}], format = '{kind.layout}', columns = {{{columns}}}, filename = true,
                maximum_object_size = {_object_size(kind, files)}{lenient})
        )
        inner join landing_files using (filename)"""
    )


def _struct_fields(kind: ExportKind) -> str:
    return ", ".join(f'"{name}" {type_}' for name, type_ in kind.record_columns.items())


def _object_size(kind: ExportKind, files: list[ExportFile]) -> int:
    if kind.layout == "newline_delimited":
        return _SMALLEST_OBJECT
    largest = max(file.n_bytes * (_GZIP_RATIO if file.path.suffix == ".gz" else 1) for file in files)
    return min(max(_SMALLEST_OBJECT, largest + 1024), _LARGEST_OBJECT)


def _quarantine_records(load: _Load, kind: ExportKind, file: ExportFile) -> None:
    """Write the refused records of one file to the quarantine; lines are numbered by reading the file once more."""
    values = {**load.lineage, "export_file": file.name}
    if kind.layout != "newline_delimited":
        load.connection.execute(
            f"insert into quality.quarantined_records"
            f" select $source_id, export_file, null, record_number, {kind.key}, refusal, $loaded_at, $refresh_id"
            f" from landed where refusal is not null and export_file = $export_file",
            values,
        )
        return
    load.connection.execute("set preserve_insertion_order = true")
    load.connection.execute(
        f"""
        insert into quality.quarantined_records
        select $source_id, $export_file, line_number, null, {kind.key},
            case when not json_valid(line) then 'not JSON' when record is null then 'JSON of another shape'
                else refusal end,
            $loaded_at, $refresh_id
        from (
            select *, ({kind.refusal}) as refusal
            from (
                select line_number, line, $exported_at::timestamptz as exported_at,
                    case when json_valid(line) then try_cast(line::json as STRUCT({_struct_fields(kind)})) end as record
                from (
                    select line, row_number() over () as line_number
                    from read_csv('{_escaped(str(file.path))}', columns = {{'line': 'VARCHAR'}}, delim = '\x01',
                        quote = '', escape = '', header = false, auto_detect = false, max_line_size = 67108864)
                )
                where trim(coalesce(line, '')) <> ''
            )
        )
        where record is null or refusal is not null""",
        {**values, "exported_at": file.exported_at},
    )
    load.connection.execute("set preserve_insertion_order = false")


def _quarantine_parts(load: _Load, kind: ExportKind, file: ExportFile) -> int:
    if kind.unreadable_parts is None:
        return 0
    inserted = load.connection.execute(
        f"insert into quality.quarantined_records"
        f" select $source_id, export_file, null, null, record_key, reason, $loaded_at, $refresh_id"
        f" from ({kind.unreadable_parts}) where export_file = $export_file",
        {**load.lineage, "export_file": file.name},
    ).fetchone()
    return inserted[0] if inserted else 0


def _refuse_file(load: _Load, file: ExportFile, shape_hash: str, reason: str) -> None:
    """Note a file that cannot be read. What an earlier content under its name had brought stays: its last good export.

    A file that was this tool's before stays so: one that a login page has overwritten is a file lost, not a stranger.
    """
    values = {"source_id": load.source_id, "export_file": file.name}
    before = load.connection.execute(
        f"select max(file_kind) from {load.schema}.export_files"
        " where source_id = $source_id and export_file = $export_file",
        values,
    ).fetchone()
    for table in (f"{load.schema}.export_files", "quality.quarantined_records"):
        load.connection.execute(
            f"delete from {table} where source_id = $source_id and export_file = $export_file", values
        )
    load.connection.execute(
        "insert into quality.quarantined_records values ($source_id, $export_file, null, null, null, $reason,"
        " $loaded_at, $refresh_id)",
        {**load.lineage, "export_file": file.name, "reason": reason},
    )
    kind = file.kind or (before[0] if before else None)
    refused = replace(file, kind=kind)
    _note_file(load, refused, shape_hash, n_records=1, n_quarantined=1, is_readable=False)
    load.report.messages.append(f"{file.name}: {reason}; export it again or remove it.")


def _forget_file(load: _Load, name: str) -> None:
    """Remove what an earlier content or shape of the same file had brought."""
    values = {"source_id": load.source_id, "export_file": name}
    for table in _tables_of_files(load):
        load.connection.execute(
            f"delete from {table} where source_id = $source_id and export_file = $export_file", values
        )


def _note_file(
    load: _Load, file: ExportFile, shape_hash: str, *, n_records: int, n_quarantined: int, is_readable: bool = True
) -> None:
    load.connection.execute(
        f"insert into {load.schema}.export_files values ($file_kind, $content_hash, $shape_hash, $n_bytes, $n_records,"
        f" $n_quarantined, $is_readable, null, $source_id, $export_file, $exported_at, $loaded_at, $refresh_id)",
        {
            **load.lineage,
            "file_kind": file.kind,
            "content_hash": file.content_hash,
            "shape_hash": shape_hash,
            "n_bytes": file.n_bytes,
            "n_records": n_records,
            "n_quarantined": n_quarantined,
            "is_readable": is_readable,
            "export_file": file.name,
            "exported_at": file.exported_at,
        },
    )
    load.report.n_files_loaded += 1
    load.report.n_records += n_records
    load.report.n_quarantined += n_quarantined


def _note_completeness(load: _Load, declared: datetime | None) -> None:
    """Write up to when the source is complete: the newest moment its data know, or more if its manifest says so.

    No data reach beyond their own export, so neither does what they show.
    """
    values = {"source_id": load.source_id}
    observed = load.connection.execute(
        f"select least(({load.tool.complete_to}), max(exported_at)) from {load.schema}.export_files"
        " where source_id = $source_id",
        values,
    ).fetchone()
    moments = [moment for moment in (declared, observed[0] if observed else None) if moment is not None]
    load.connection.execute(
        f"update {load.schema}.export_files set complete_to = $complete_to where source_id = $source_id",
        {**values, "complete_to": max(moments, default=None)},
    )


def note_unreadable_source(
    connection: duckdb.DuckDBPyConnection, source: Source, reason: str, refresh_id: str, loaded_at: datetime
) -> None:
    """Put a source whose exports could not be read at all into the quarantine, where the report shows it."""
    create_raw_tables(connection, [])
    forget_unreadable_source(connection, source)
    connection.execute(
        "insert into quality.quarantined_records values (?, ?, null, null, null, ?, ?, ?)",
        [source.id, source.exports, reason, loaded_at, refresh_id],
    )


def forget_unreadable_source(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Take back what ``note_unreadable_source`` had noted: the source can be read again."""
    connection.execute(
        "delete from quality.quarantined_records where source_id = ? and export_file = ?", [source.id, source.exports]
    )


def _escaped(text: str) -> str:
    return text.replace("'", "''")
