"""The floor under every refresh: DuckDB merely scanning the same export files once, with only the columns needed."""

import time
from pathlib import Path

import duckdb

_HISTORIES = """STRUCT(id VARCHAR, created VARCHAR, items STRUCT(field VARCHAR, "fromString" VARCHAR,
    "toString" VARCHAR)[])[]"""
_FIELDS = """STRUCT(created VARCHAR, updated VARCHAR, resolutiondate VARCHAR, status STRUCT(id VARCHAR, name VARCHAR),
    issuetype STRUCT(name VARCHAR), project STRUCT("key" VARCHAR), resolution STRUCT(name VARCHAR))"""
_ISSUE = f"""STRUCT(id VARCHAR, "key" VARCHAR, fields {_FIELDS}, changelog STRUCT(histories {_HISTORIES}))"""
_NO_SAMPLING = "sample_size = 1, maximum_sample_files = 1, maximum_depth = 1"


def scan_seconds(exports: Path) -> float:
    """Return how long one scan of all issues and their changes takes; every value is read, none is kept."""
    lines = f"""select unnest(changelog.histories) as history, id, fields from read_json('{exports}/*/*ndjson.gz',
        format = 'newline_delimited', ignore_errors = true, {_NO_SAMPLING}, columns = {{'id': 'VARCHAR',
        'fields': '{_FIELDS}', 'changelog': 'STRUCT(histories {_HISTORIES})'}})"""
    pages = f"""select unnest(issue.changelog.histories), issue.id, issue.fields from (
        select unnest(issues) as issue from read_json('{exports}/*/search-*.json.gz', format = 'unstructured',
            {_NO_SAMPLING}, columns = {{'issues': '{_ISSUE}[]'}}))"""
    parts = [lines, *([pages] if list(exports.glob("*/search-*.json.gz")) else [])]
    with duckdb.connect() as connection:
        connection.execute("set threads = 2; set memory_limit = '4GiB'; set preserve_insertion_order = false")
        began = time.perf_counter()
        connection.execute(
            f"select count(*), max(hash(history)), max(hash(fields)) from ({' union all '.join(parts)})"
        ).fetchall()
        return time.perf_counter() - began
