"""What a refresh writes beside dbt: the portfolio's tables, check results, analyses, and the record of the refresh.

Belongs here: writing frames and reading them back. Does not belong here: computing any figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.sources import TOOLS

if TYPE_CHECKING:
    import pandas as pd

_REFRESHES = {
    "refresh_id": "VARCHAR",
    "generation": "BIGINT",
    "as_of": "TIMESTAMPTZ",
    "started_at": "TIMESTAMPTZ",
    "mode": "VARCHAR",
    "weir_version": "VARCHAR",
    "git_version": "VARCHAR",
    "portfolio_hash": "VARCHAR",
    "mapping_hash": "VARCHAR",
    "code_hash": "VARCHAR",
    "full_because": "VARCHAR",
}
_CHECK_RESULTS = {
    "refresh_id": "VARCHAR",
    "layer": "VARCHAR",
    "suite": "VARCHAR",
    "table_name": "VARCHAR",
    "check_name": "VARCHAR",
    "description": "VARCHAR",
    "severity": "VARCHAR",
    "status": "VARCHAR",
    "n_observed": "BIGINT",
    "n_unexpected": "BIGINT",
    "examples": "VARCHAR",
    "checked_at": "TIMESTAMPTZ",
}
# The calendar reaches back before the first export and beyond as_of, so that no duration falls off its edge.
_CALENDAR_MARGIN = timedelta(days=400)


class MissingTableError(RuntimeError):
    """A table that this version of Weir reads is not there."""


@dataclass(frozen=True)
class Refresh:
    """One run of the nightly job: its identity, its moment, and what made it.

    ``mode``: ``incremental``; ``rebuilt``, if all models were built anew from what had landed; ``full``, if the exports
    were read anew too. ``full_because`` says why, where nobody asked for it. ``mapping_hash`` is that of everything in
    portfolio.yaml that decides what an item is or how it is counted; ``code_hash`` that of the code and the models.
    """

    refresh_id: str
    as_of: datetime
    started_at: datetime
    mode: str
    weir_version: str
    git_version: str
    portfolio_hash: str
    mapping_hash: str = ""
    code_hash: str = ""
    full_because: str | None = None


def create_quality_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``quality.refreshes`` and ``quality.check_results`` where they are missing."""
    connection.execute("create schema if not exists quality")
    for name, columns in {"refreshes": _REFRESHES, "check_results": _CHECK_RESULTS}.items():
        ddl = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        connection.execute(f"create table if not exists quality.{name} ({ddl})")


def newest_complete_moment(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """Return the newest moment up to which any source says it is complete: the default ``as_of``; None without data."""
    row = connection.execute("select max(complete_to) from quality.export_files").fetchone()
    return row[0].astimezone(UTC) if row and row[0] is not None else None


def data_days(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> tuple[date, date]:
    """Return the first and last day of the calendar: it begins with a year, so that an older date seldom moves it."""
    oldest = " union all ".join(
        f"select min({column}) as moment from raw_{tool.tool}.{table}"
        for tool in TOOLS.values()
        for table, column in tool.moments
    )
    row = connection.execute(f"select min(moment) from ({oldest})").fetchone()
    first = min([as_of, *(value for value in row or () if value is not None)])
    return date((first - _CALENDAR_MARGIN).year, 1, 1), (as_of + _CALENDAR_MARGIN).date()


def first_calendar_day(connection: duckdb.DuckDBPyConnection) -> date | None:
    """Return the day that the calendar of the refresh before began with; None before the first refresh."""
    try:
        row = connection.execute("select min(calendar_date)::date from raw_portfolio.dates").fetchone()
    except duckdb.CatalogException:
        return None
    return row[0] if row else None


def write_portfolio(
    connection: duckdb.DuckDBPyConnection,
    tables: Mapping[str, pd.DataFrame],
    refresh: Refresh,
    *,
    is_as_of_given: bool = True,
) -> dict[str, int]:
    """Replace ``raw_portfolio.*`` with the portfolio's tables and the refresh's own row; returns rows per table.

    ``is_as_of_given``: whether a person asked for this ``as_of``; if not, data far behind the clock are old data.
    """
    import pandas as pd  # not at the top: a reader's query does without the second that this takes

    itself = asdict(refresh) | {"is_as_of_given": is_as_of_given}
    frames = {**tables, "refresh": pd.DataFrame([itself])}
    for name, frame in frames.items():
        _replace(connection, "raw_portfolio", name, frame)
    return {name: len(frame) for name, frame in frames.items()}


def write_analysis(connection: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame) -> None:
    """Replace the table ``analysis.<name>``."""
    _replace(connection, "analysis", name, frame)


def write_column_dictionary(connection: duckdb.DuckDBPyConnection, said: pd.DataFrame) -> None:
    """Replace ``quality.column_dictionary``: every public column as it was built, with what is said of it.

    ``said`` has a row per column (``orchestration.column_dictionary``); a column of which nothing is said is listed all
    the same, and one that was not built is not. Analyses get their words as comments too, which dbt gives its models.
    """
    connection.execute("create schema if not exists quality")
    connection.register("said", said)
    connection.execute(
        """
        create or replace table quality.column_dictionary as
        select
            built.schema_name, built.table_name, said.table_description, said.grain, said.question,
            cast(built.column_index as integer) as column_position, built.column_name,
            lower(built.data_type) as data_type, said.description, said.unit, said.direction, said.when_null,
            said.when_zero
        from duckdb_columns() as built
        left join said
            on built.schema_name = said.schema_name and built.table_name = said.table_name
            and built.column_name = said.column_name
        where built.database_name = current_database() and built.schema_name in ('flow', 'marts', 'analysis')
        order by built.schema_name, built.table_name, built.column_index"""
    )
    connection.unregister("said")
    for statement, text in connection.execute(
        """
        select distinct 'table analysis.' || table_name, table_description from quality.column_dictionary
        where schema_name = 'analysis' and table_description is not null
        union all
        select 'column analysis.' || table_name || '.' || column_name, description from quality.column_dictionary
        where schema_name = 'analysis' and description is not null"""
    ).fetchall():
        connection.execute(f"comment on {statement} is '{text.replace(chr(39), chr(39) * 2)}'")


def _replace(connection: duckdb.DuckDBPyConnection, schema: str, name: str, frame: pd.DataFrame) -> None:
    connection.execute(f"create schema if not exists {schema}")
    connection.register("incoming", frame)
    connection.execute(f"create or replace table {schema}.{name} as select * from incoming")
    connection.unregister("incoming")


def write_check_results(connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame) -> None:
    """Append to ``quality.check_results``; a repeated layer of the same refresh replaces its earlier rows."""
    create_quality_tables(connection)
    if frame.empty:
        return
    connection.register("incoming", frame)
    connection.execute(
        "delete from quality.check_results where (refresh_id, layer) in (select refresh_id, layer from incoming)"
    )
    columns = ", ".join(_CHECK_RESULTS)
    connection.execute(f"insert into quality.check_results ({columns}) select {columns} from incoming")
    connection.unregister("incoming")


def next_generation(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number that the generation being built will have."""
    create_quality_tables(connection)
    row = connection.execute("select coalesce(max(generation), 0) + 1 from quality.refreshes").fetchone()
    return int(row[0]) if row else 1


def newest_refresh(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """Return the row of the refresh that made the file's newest generation; None if there is none."""
    row = connection.execute("select * from quality.refreshes order by generation desc limit 1")
    columns = [column[0] for column in row.description or []]
    found = row.fetchone()
    return dict(zip(columns, found, strict=True)) if found else None


def fingerprints(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return a fingerprint of what dbt reads, by schema-qualified table: equal ones mean that nothing changed.

    A tool's raw tables (``raw_<tool>.*``) are told by the files that they were loaded from. Of the refresh itself only
    its ``as_of`` is read.
    """
    tables = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables where table_schema = 'raw_portfolio'"
        " or (table_schema = 'quality' and table_name in ('export_files', 'pulls', 'quarantined_records',"
        " 'item_censuses'))"
    ).fetchall()
    prints = {}
    for (table,) in tables:
        columns = "as_of" if table == "raw_portfolio.refresh" else "*"
        found = connection.execute(
            f"select count(*), sum(hash(t)) from (select {columns} from {table}) as t"
        ).fetchone()
        prints[table] = str(found)
    for tool, n_files, content in connection.execute(
        "select tool, count(*), sum(hash(t)) from (select * exclude (complete_to) from quality.export_files) as t"
        " group by tool"
    ).fetchall():
        prints[f"raw_{tool}.*"] = str((n_files, content))
    return prints


def carry_check_results(
    connection: duckdb.DuckDBPyConnection, layer: str, refresh_id: str, names: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Repeat the newest results of checks whose tables did not change, as this refresh's; returns their rows.

    Args:
        connection: The build file.
        layer: Layer of the checks.
        refresh_id: This refresh.
        names: Names of the checks; None for all of the layer.
    """
    create_quality_tables(connection)
    columns = ", ".join(column for column in _CHECK_RESULTS if column != "refresh_id")
    carried = connection.execute(
        f"""
        insert into quality.check_results (refresh_id, {columns})
        select $refresh_id, {columns}
        from quality.check_results
        where layer = $layer and ($names is null or check_name in (select unnest($names))) and refresh_id = (
            select refresh_id from quality.refreshes order by generation desc limit 1
        )
        returning *""",
        {"refresh_id": refresh_id, "layer": layer, "names": None if names is None else list(names)},
    )
    found = [column[0] for column in carried.description or []]
    return [dict(zip(found, row, strict=True)) for row in carried.fetchall()]


def record_refresh(connection: duckdb.DuckDBPyConnection, refresh: Refresh, generation: int) -> None:
    """Write the refresh and the generation it made to ``quality.refreshes``."""
    create_quality_tables(connection)
    row = asdict(refresh) | {"generation": generation}
    values = ", ".join(f"${name}" for name in _REFRESHES)
    connection.execute(f"insert into quality.refreshes ({', '.join(_REFRESHES)}) values ({values})", row)


def read_frames(
    connection: duckdb.DuckDBPyConnection,
    wanted: Mapping[str, list[str] | None],
    rows: Mapping[str, Mapping[str, Sequence[str | bool]]] | None = None,
) -> dict[str, pd.DataFrame]:
    """Read tables by name, found without a schema prefix, in a stable order; None as columns means all of them.

    Of a table in ``rows`` only those rows are read whose columns hold one of the values named for them; a column of
    another table (``table.column``) speaks of the row's work item there.

    Raises:
        MissingTableError: The file has not all of the tables, because an earlier Weir published it.
    """
    places = {
        table: schema
        for schema, table in connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema in ('marts', 'flow', 'analysis', 'quality')"
        ).fetchall()
    }
    asked = {column.rpartition(".")[0] for name in wanted for column in (rows or {}).get(name, {})} - {""}
    if missing := sorted((set(wanted) | asked) - set(places)):
        raise MissingTableError(
            f"The warehouse lacks {', '.join(missing)}: an earlier version of Weir made it; run `weir refresh`."
        )
    frames = {}
    for name, columns in wanted.items():
        listed = ", ".join(f'"{column}"' for column in columns) if columns else "*"
        conditions, values = [], {}
        for number, (column, allowed) in enumerate((rows or {}).get(name, {}).items()):
            other, _, own = column.rpartition(".")
            holds = f'list_contains($allowed_{number}, "{own}")'
            conditions.append(
                f"work_item_id in (select work_item_id from {places[other]}.{other} where {holds})" if other else holds
            )
            values[f"allowed_{number}"] = list(allowed)
        condition = " and ".join(conditions) or "true"
        query = f"select {listed} from {places[name]}.{name} where {condition} order by all"
        frames[name] = connection.execute(query, values).df()
    return frames


def table_sizes(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return rows of each table by its schema-qualified name, as DuckDB's catalogue has them."""
    rows = connection.execute("select schema_name || '.' || table_name, estimated_size from duckdb_tables()").fetchall()
    return dict(rows)


def summary(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return what the newest refresh in the file published: items, visits, checks by outcome, generation, as_of."""
    newest = newest_refresh(connection) or {}
    row = connection.execute(
        """
        with checks as (select * from quality.check_results where refresh_id = $refresh_id)
        select
            (select count(*) from flow.fct_work_items) as n_items,
            (select count(*) from flow.fct_stage_visits) as n_stage_visits,
            (select count(*) from checks where status = 'passed') as n_checks_passed,
            (select count(*) from checks where status <> 'passed' and severity = 'warning') as n_checks_warned,
            (select count(*) from checks where status <> 'passed' and severity = 'critical') as n_checks_failed,
            (select count(*) from quality.quarantined_records) as n_quarantined""",
        {"refresh_id": newest.get("refresh_id")},
    )
    columns = [column[0] for column in row.description or []]
    told = {name: newest.get(name) for name in ("generation", "refresh_id", "as_of", "mode", "full_because")}
    return told | dict(zip(columns, row.fetchone() or (), strict=True))


def export_parquet(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    """Write each public table as ``<folder>/<table>/<table>.parquet``; returns the files.

    Public are dimensions, facts, marts and analyses; the column dictionary goes with them, for who has only the folder.
    """
    tables = connection.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in ('flow', 'marts', 'analysis') or table_name = 'column_dictionary' order by all"
    ).fetchall()
    files = []
    for schema, table in tables:
        file = folder / table / f"{table}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(f"copy {schema}.{table} to '{str(file).replace(chr(39), chr(39) * 2)}' (format parquet)")
        files.append(file)
    return files
