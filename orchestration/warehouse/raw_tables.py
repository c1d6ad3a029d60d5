"""The tables that exports land in: one schema per tool; the files read, the quarantine and the censuses of all.

Belongs here: creating them. Does not belong here: the columns of a tool's own tables (``orchestration.sources``).
"""

from collections.abc import Iterable, Mapping

import duckdb

from orchestration.sources import TOOLS, census
from orchestration.sources.export_format import LINEAGE_COLUMNS

_EXPORT_FILES = {
    "tool": "VARCHAR",
    "file_kind": "VARCHAR",
    "rows_in": "VARCHAR",
    "content_hash": "VARCHAR",
    "shape_hash": "VARCHAR",
    "n_bytes": "BIGINT",
    "n_records": "BIGINT",
    "n_quarantined": "BIGINT",
    "is_readable": "BOOLEAN",
    "complete_to": "TIMESTAMPTZ",
    **LINEAGE_COLUMNS,
}
_PULLS = {
    "source_id": "VARCHAR",
    "pulled_at": "TIMESTAMPTZ",
    "complete_to": "TIMESTAMPTZ",
    "collection": "VARCHAR",
    "n_announced": "BIGINT",
    "n_received": "BIGINT",
    "n_missing": "BIGINT",
}
_QUARANTINE = {
    "source_id": "VARCHAR",
    "export_file": "VARCHAR",
    "line_number": "BIGINT",
    "record_number": "BIGINT",
    "record_key": "VARCHAR",
    "reason": "VARCHAR",
    "loaded_at": "TIMESTAMPTZ",
    "refresh_id": "VARCHAR",
}


def create_raw_tables(connection: duckdb.DuckDBPyConnection, tools: Iterable[str]) -> None:
    """Create what is missing of ``raw_<tool>.*`` and of what all tools share; dbt reads empty tables too."""
    connection.execute("create schema if not exists quality")
    connection.execute(f"create table if not exists quality.quarantined_records ({_ddl(_QUARANTINE)})")
    connection.execute(f"create table if not exists quality.export_files ({_ddl(_EXPORT_FILES)})")
    connection.execute(f"create table if not exists quality.pulls ({_ddl(_PULLS)})")
    columns = {**census.TABLE.columns, **LINEAGE_COLUMNS}
    connection.execute(f"create table if not exists quality.{census.TABLE.name} ({_ddl(columns)})")
    for tool in tools:
        schema = f"raw_{tool}"
        connection.execute(f"create schema if not exists {schema}")
        for table in TOOLS[tool].tables:
            connection.execute(
                f"create table if not exists {schema}.{table.name} ({_ddl({**table.columns, **LINEAGE_COLUMNS})})"
            )


def _ddl(columns: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
