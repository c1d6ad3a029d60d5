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

from orchestration.sources import TOOLS, ExportKind, RawTable, SourceSettings, ToolFormat, UnreadableExport, census
from orchestration.sources.pull_manifest import PullManifest
from orchestration.warehouse.export_inventory import ExportFile, Source, list_exports, list_pulls
from orchestration.warehouse.quarantine import (
    quarantine_lines,
    quarantine_parts,
    quarantine_records,
    reason_against_all,
)
from orchestration.warehouse.raw_tables import create_raw_tables
from orchestration.warehouse.record_reading import read_records
from orchestration.warehouse.touched_items import touch_files

_BATCH_BYTES = 4 << 30
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
    settings: SourceSettings
    source_id: str
    refresh_id: str
    loaded_at: datetime
    report: LandingReport

    @property
    def tables(self) -> dict[str, RawTable]:
        """The tables that files of the source may fill, by qualified name."""
        own = {f"raw_{self.tool.tool}.{table.name}": table for table in self.tool.tables}
        return {**own, f"quality.{census.TABLE.name}": census.TABLE}

    @property
    def tables_of_files(self) -> list[str]:
        """All tables with rows that came from a file."""
        return [*self.tables, "quality.export_files", "quality.quarantined_records"]

    @property
    def lineage(self) -> dict[str, object]:
        return {"source_id": self.source_id, "loaded_at": self.loaded_at, "refresh_id": self.refresh_id}


def land_source(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    settings: SourceSettings,
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
    load = _Load(connection, tool, settings, source.id, refresh_id, loaded_at, report)
    create_raw_tables(connection, [source.tool])
    forget_unreadable_source(connection, source)
    files, complete_to = list_exports(source, portfolio_folder, tool, loaded_at, _known_kinds(load))
    files = [replace(file, kind=census.KIND.name) if census.is_census(file.name) else file for file in files]
    if not files:
        report.messages.append(f"{source.id}: no export files under {source.exports}; drop the tool's exports there.")
    tonight = {file.name: file.content_hash for file in files}
    for order in (0, 1):
        # Fields first: the changelogs of Jira Server name a custom field only by its name.
        kinds = {
            **tool.kinds(replace(settings, field_names=_mapped_field_names(load))),
            census.KIND.name: census.KIND,
        }
        shapes = {name: _shape_hash(kind, settings) for name, kind in kinds.items()}
        due = [file for file in files if file.kind is not None and kinds[file.kind].load_order == order]
        for kind_name, batch in _batches(_new_files(load, due, (kinds, shapes), tonight)):
            _load_batch(load, kinds[kind_name], shapes[kind_name], batch)
    for file in files:
        if file.kind is None:
            _refuse_file(load, file, "", f"not a file that {source.tool} exports")
    _note_completeness(load, complete_to)
    _note_pulls(load, list_pulls(source, portfolio_folder))
    return report


def _known_kinds(load: _Load) -> dict[tuple[str, str], str]:
    rows = load.connection.execute(
        "select export_file, content_hash, file_kind from quality.export_files"
        " where source_id = $source_id and is_readable and file_kind is not null",
        {"source_id": load.source_id},
    ).fetchall()
    return {(name, content): kind for name, content, kind in rows}


def _mapped_field_names(load: _Load) -> dict[str, str]:
    if load.tool.mapped_field_names is None:
        return {}
    rows = load.connection.execute(load.tool.mapped_field_names, {"source_id": load.source_id}).fetchall()
    return dict(rows)


def _shape_hash(kind: ExportKind, settings: SourceSettings) -> str:
    """Hash what decides how a file is read; a function by its name, because its address changes from run to run."""
    prepared_by = kind.prepare.__qualname__ if kind.prepare else None
    text_format = (settings.delimiter, settings.encoding, settings.missing) if kind.layout in ("csv", "parquet") else ()
    shape = (replace(kind, prepare=None), prepared_by, text_format)
    return hashlib.sha256(repr(shape).encode()).hexdigest()[:16]


def _new_files(
    load: _Load,
    files: Iterable[ExportFile],
    readers: tuple[Mapping[str, ExportKind], Mapping[str, str]],
    tonight: Mapping[str, str],
) -> list[ExportFile]:
    """Return the files whose content has to be read; content that only changed its name takes its rows along.

    ``readers``: the kinds and the hashes of their shapes, by name.
    ``tonight``: name to content hash of every file of the source. Content counts as loaded under another name only if
    that name still holds it: of rotated files (``issues.json`` becomes ``issues-1.json``) none may be forgotten. Where
    rows take something from the name, equal contents are two things, and only the name tells whether it is known.
    """
    rows = load.connection.execute(
        "select content_hash, shape_hash, export_file from quality.export_files"
        " where source_id = $source_id and is_readable",
        {"source_id": load.source_id},
    ).fetchall()
    kinds, shapes = readers
    holders: dict[tuple[str, str], list[str]] = {}
    for content, shape, name in rows:
        holders.setdefault((content, shape), []).append(name)
    new, renamed = [], {}
    for file in files:
        kind, identity = kinds[str(file.kind)], (file.content_hash, shapes[str(file.kind)])
        names = holders.get(identity, [])
        if kind.reads_its_name:
            names = [name for name in names if name == file.name]
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
    _touch(load, renamed)
    for old, name in renamed.items():
        _relabel(load, old, f"{_MOVING}{name}")
    for name in renamed.values():
        _forget_file(load, name)
        _relabel(load, f"{_MOVING}{name}", name)


def _touch(load: _Load, names: Iterable[str]) -> None:
    """Note the items that rows of these files tell of: before rows are removed, and after they have come."""
    touch_files(load.connection, load.tool, load.source_id, list(names))


def _relabel(load: _Load, old: str, name: str) -> None:
    values = {"source_id": load.source_id, "old": old, "name": name}
    for table in load.tables_of_files:
        load.connection.execute(
            f"update {table} set export_file = $name where source_id = $source_id and export_file = $old", values
        )


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
    except (duckdb.Error, UnreadableExport) as error:
        load.connection.rollback()
        # What the reader had set for this file holds on after its failure.
        load.connection.execute("set preserve_insertion_order = false")
        if len(files) > 1:
            for file in files:
                _load_batch(load, kind, shape_hash, [file])
        else:
            _refuse_file(load, files[0], shape_hash, f"unreadable {kind.name}: {_first_line(error)}")
        return
    load.connection.commit()


def _load_files(load: _Load, kind: ExportKind, shape_hash: str, files: list[ExportFile]) -> None:
    connection = load.connection
    _touch(load, (file.name for file in files))
    for file in files:
        _forget_file(load, file.name)
    rejected = read_records(connection, kind, files, load.settings)
    for name, table in load.tables.items():
        if table.name not in kind.selects:
            continue
        columns = ", ".join(f'"{column}"' for column in ("export_file", "exported_at", *table.columns))
        inserted = connection.execute(
            f"insert into {name} ({columns}, source_id, loaded_at, refresh_id)"
            f" select *, $source_id, $loaded_at, $refresh_id from ({kind.selects[table.name]})",
            load.lineage,
        ).fetchone()
        load.report.rows[table.name] += inserted[0] if inserted else 0
    counts = connection.execute(
        "select export_file, count(*), count(refusal) from landed group by export_file"
    ).fetchall()
    read = {name: (n_records, n_refused) for name, n_records, n_refused in counts}
    n_parts = quarantine_parts(connection, kind, load.lineage)
    for file in files:
        n_records, n_refused = read.get(file.name, (0, 0))
        if n_refused:
            quarantine_records(connection, kind, file, load.lineage)
            if reason := reason_against_all(connection, file):
                load.report.messages.append(f"{file.name}: {reason}.")
        lines = [line for line in rejected if line.export_file == file.name]
        quarantine_lines(connection, lines, load.lineage)
        _note_file(
            load,
            file,
            shape_hash,
            n_records=n_records + len(lines),
            n_quarantined=n_refused + len(lines) + n_parts[file.name],
            rows_in=kind.rows_in,
        )
    connection.execute("drop table landed")
    _touch(load, (file.name for file in files))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")


def _refuse_file(load: _Load, file: ExportFile, shape_hash: str, reason: str) -> None:
    """Note a file that cannot be read. What an earlier content under its name had brought stays: its last good export.

    A file that was this tool's before stays so: one that a login page has overwritten is a file lost, not a stranger.
    """
    values = {"source_id": load.source_id, "export_file": file.name}
    before = load.connection.execute(
        "select max(file_kind) from quality.export_files where source_id = $source_id and export_file = $export_file",
        values,
    ).fetchone()
    for table in ("quality.export_files", "quality.quarantined_records"):
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
    for table in load.tables_of_files:
        load.connection.execute(
            f"delete from {table} where source_id = $source_id and export_file = $export_file", values
        )


def _note_file(
    load: _Load,
    file: ExportFile,
    shape_hash: str,
    *,
    n_records: int,
    n_quarantined: int,
    is_readable: bool = True,
    rows_in: str | None = None,
) -> None:
    load.connection.execute(
        "insert into quality.export_files values ($tool, $file_kind, $rows_in, $content_hash, $shape_hash, $n_bytes,"
        " $n_records, $n_quarantined, $is_readable, null, $source_id, $export_file, $exported_at, $loaded_at,"
        " $refresh_id)",
        {
            **load.lineage,
            "tool": load.tool.tool,
            "file_kind": file.kind,
            "rows_in": rows_in,
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
        f"select least(({_newest_moment(load)}), max(exported_at)) from quality.export_files"
        " where source_id = $source_id",
        values,
    ).fetchone()
    moments = [moment for moment in (declared, observed[0] if observed else None) if moment is not None]
    load.connection.execute(
        "update quality.export_files set complete_to = $complete_to where source_id = $source_id",
        {**values, "complete_to": max(moments, default=None)},
    )


def _note_pulls(load: _Load, pulls: list[PullManifest]) -> None:
    """Write what each pull was told that there is and what came of it."""
    load.connection.execute("delete from quality.pulls where source_id = $source_id", {"source_id": load.source_id})
    rows = [
        (
            load.source_id,
            pull.exported_at,
            pull.complete_to,
            file.collection,
            file.announced,
            file.received,
            file.n_missing,
        )
        for pull in pulls
        for file in pull.files
    ]
    if rows:
        load.connection.executemany("insert into quality.pulls values (?, ?, ?, ?, ?, ?, ?)", rows)


def _newest_moment(load: _Load) -> str:
    moments = " union all ".join(
        f"select max({column}) as moment from raw_{load.tool.tool}.{table} where source_id = $source_id"
        for table, column in load.tool.moments
    )
    return f"select max(moment) from ({moments})"


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
