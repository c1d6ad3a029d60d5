"""Opening the warehouse: settings that every connection shares, and reading without a schema prefix."""

import os
import tempfile
from pathlib import Path
from typing import Any

import duckdb

PUBLISHED_SCHEMAS = ("marts", "flow", "analysis", "quality", "intermediate", "staging", "raw_jira", "raw_portfolio")

# Spill rather than fail: a portfolio of a million items must refresh on the smallest machine that runs Weir.
DEFAULT_MEMORY_LIMIT = "4GiB"


def settings() -> dict[str, str]:
    """Return DuckDB's settings for every connection; dbt's profile reads the same environment variables."""
    return {
        "memory_limit": os.environ.get("WEIR_MEMORY_LIMIT", DEFAULT_MEMORY_LIMIT),
        "preserve_insertion_order": "false",
        "TimeZone": "UTC",
        # A build that is killed is thrown away; the finished file is synchronised once, before it is published.
        "fsync_mode": "NONE",
        "checkpoint_threshold": "1GiB",
    }


def connect(path: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the file at ``path``; instants are shown in UTC, and large sorts spill to a folder beside the file."""
    connection = duckdb.connect(str(path), read_only=read_only)
    for name, value in settings().items():
        connection.execute(f"set {name} = '{value}'")
    spill = path.parent / "spill" if os.access(path.parent, os.W_OK) else Path(tempfile.gettempdir())
    connection.execute(f"set temp_directory = '{_quoted(str(spill))}'")
    return connection


def connect_published(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a published warehouse for reading; tables are found without their schema."""
    connection = connect(path, read_only=True)
    present = {name for (name,) in connection.execute("select schema_name from information_schema.schemata").fetchall()}
    searched = [schema for schema in PUBLISHED_SCHEMAS if schema in present]
    connection.execute(f"set search_path = '{','.join([*searched, 'main'])}'")
    return connection


def run_query(path: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one reader's statement on the published warehouse; returns column names and rows.

    Raises ``duckdb.Error`` as DuckDB words it: the reader wrote the SQL and knows it best.
    """
    with connect_published(path) as connection:
        result = connection.execute(sql)
        columns = [column[0] for column in result.description or []]
        return columns, result.fetchall()


def count_rows(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """Count the rows that a statement of our own selects."""
    row = connection.execute(f"select count(*) from ({query}\n) as found").fetchone()
    return int(row[0]) if row else 0


def _quoted(text: str) -> str:
    return text.replace("'", "''")
