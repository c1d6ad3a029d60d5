"""What could not be loaded, in ``quality.quarantined_records`` with its place and reason, never with its content.

Belongs here: finding the lines of refused records again. Does not belong here: what is refused
(``orchestration.sources``), reading (``record_reading``).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

import duckdb

from orchestration.sources import ExportKind
from orchestration.warehouse.export_inventory import ExportFile
from orchestration.warehouse.record_reading import LINE_SCAN, RejectedLine, escaped, struct_fields, take_rejects


def quarantine_records(
    connection: duckdb.DuckDBPyConnection, kind: ExportKind, file: ExportFile, lineage: Mapping[str, object]
) -> None:
    """Note the refused records of one file; lines are numbered by reading the file once more.

    Args:
        connection: Holds ``landed``, with the file's records and their refusals.
        kind: The kind the file was read as.
        file: The file.
        lineage: ``source_id``, ``loaded_at`` and ``refresh_id``.
    """
    values = {**lineage, "export_file": file.name}
    if kind.layout != "newline_delimited" or kind.prepare is not None:
        connection.execute(
            f"insert into quality.quarantined_records"
            f" select $source_id, export_file, null, record_number, {kind.key}, refusal, $loaded_at, $refresh_id"
            f" from landed where refusal is not null and export_file = $export_file",
            values,
        )
        return
    connection.execute("set preserve_insertion_order = true")
    connection.execute(
        "create or replace temp table export_lines as select row_number() over () as place, line"
        f" from {LINE_SCAN.format(path=escaped(str(file.path)))}"
    )
    connection.execute("set preserve_insertion_order = false")
    # A line that is no UTF-8 is missing from the scan, so those behind it stand one place too early.
    torn = [replace(line, reason="not UTF-8 text") for line in take_rejects(connection, file)]
    connection.execute("create or replace temp table torn_lines (threshold bigint)")
    numbers = sorted(line.line_number for line in torn if line.line_number is not None)
    if numbers:
        connection.executemany(
            "insert into torn_lines values (?)", [(number - place,) for place, number in enumerate(numbers)]
        )
    connection.execute(
        f"""
        insert into quality.quarantined_records
        select $source_id, $export_file, line_number, null, {kind.key},
            case when not json_valid(line) then 'not JSON' when record is null then 'JSON of another shape'
                else refusal end,
            $loaded_at, $refresh_id
        from (
            select *, ({kind.refusal}) as refusal
            from (
                select place + (select count(*) from torn_lines where threshold <= place) as line_number, line,
                    $export_file as export_file, $exported_at::timestamptz as exported_at,
                    case when json_valid(line) then try_cast(line::json as STRUCT({struct_fields(kind)})) end as record
                from export_lines
                where trim(coalesce(line, '')) <> ''
            )
        )
        where record is null or refusal is not null""",
        {**values, "exported_at": file.exported_at},
    )
    quarantine_lines(connection, torn, lineage)
    connection.execute("drop table export_lines")
    connection.execute("drop table torn_lines")


def reason_against_all(connection: duckdb.DuckDBPyConnection, file: ExportFile) -> str | None:
    """Return why no record of a file in ``landed`` was loaded, by one example; None if some record was.

    Reasons that differ only in what they quote are one: a date format that is not declared refuses each row with the
    row's own date.
    """
    found = connection.execute(
        """
        select any_value(refusal order by record_number), count(*), sum(count(*)) over (), min(count(refusal)) over ()
        from landed
        where export_file = $export_file
        group by regexp_replace(refusal, '''.*''|: .*', '')
        order by count(*) desc, 1
        limit 1""",
        {"export_file": file.name},
    ).fetchone()
    if found is None or found[3] == 0:
        return None
    reason, n_alike, n_records, _ = found
    share = "all" if n_alike == n_records else str(n_alike)
    return f"none of its {n_records} records was loaded, {share} of them for this reason: {reason}"


def quarantine_lines(
    connection: duckdb.DuckDBPyConnection, lines: Iterable[RejectedLine], lineage: Mapping[str, object]
) -> None:
    """Note lines that are no records at all."""
    rows = [
        (
            lineage["source_id"],
            line.export_file,
            line.line_number,
            line.reason,
            lineage["loaded_at"],
            lineage["refresh_id"],
        )
        for line in lines
    ]
    if rows:
        connection.executemany("insert into quality.quarantined_records values (?, ?, ?, null, null, ?, ?, ?)", rows)


def quarantine_parts(
    connection: duckdb.DuckDBPyConnection, kind: ExportKind, lineage: Mapping[str, object]
) -> Counter[str]:
    """Note the parts that were left out of records that were loaded; returns how many there are of each file."""
    if kind.unreadable_parts is None:
        return Counter()
    parts = connection.execute(f"select export_file, record_key, reason from ({kind.unreadable_parts})").fetchall()
    if parts:
        moments = (lineage["loaded_at"], lineage["refresh_id"])
        connection.executemany(
            "insert into quality.quarantined_records values (?, ?, null, null, ?, ?, ?, ?)",
            [(lineage["source_id"], *part, *moments) for part in parts],
        )
    return Counter(name for name, _, _ in parts)
