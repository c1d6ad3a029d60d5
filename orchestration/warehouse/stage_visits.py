"""Stage visits for the analyses: rows by the million, so what repeats is read as codes and not as text.

Belongs here: which visits an analysis gets, and their columns as categories and numbers. Does not belong here: sums of
visits (`analysis_reads`), what is made of them (`orchestration.analytics`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pandas as pd

#: Columns of few values; they become categories in pandas.
CODED_COLUMNS = ("value_stream_id", "train_id", "team_id", "level", "stage_id", "next_stage_id", "work_type")
#: Told as numbers, items are the same where DuckDB's hash of 64 bits is.
ITEM_NUMBER = "hash(work_item_id)"


def read_visits(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[str],
    since: datetime,
    value_streams: Sequence[str] | None = None,
    *,
    is_item_numbered: bool = False,
    has_firsts: bool = True,
) -> pd.DataFrame:
    """Read the visits that reach into the time since a moment, and the first of each value stream and level.

    The first ones, with usable history and without, tell since when there has been work; all between would be millions.
    What else began at the very moment of a first one comes with them. Without ``has_firsts`` none of these is read.
    Columns of ``CODED_COLUMNS`` are categories. Of ``value_streams`` only those are read; None reads all. With
    ``is_item_numbered`` the items are numbers instead of texts. Rows are in no order.
    """
    expressions = coded_columns(connection, "flow.fct_stage_visits", columns)
    if is_item_numbered:
        expressions["work_item_id"] = ITEM_NUMBER
    listed = ", ".join(f'{expression} as "{column}"' for column, expression in expressions.items())
    reached, given = "exited_at is null or exited_at >= $since", dict[str, object](since=since)
    if has_firsts:
        firsts = connection.execute(
            """
            select distinct min(entered_at) from flow.fct_stage_visits
            group by value_stream_id, level, has_usable_history"""
        ).fetchall()
        reached += " or entered_at in (select unnest($firsts))"
        given["firsts"] = [moment for (moment,) in firsts]
    of_streams = ""
    if value_streams is not None:
        of_streams = "and value_stream_id in (select unnest($value_streams))"
        given["value_streams"] = list(value_streams)
    query = f"select {listed} from flow.fct_stage_visits where ({reached}) {of_streams}"
    return connection.execute(query, given).df()


def coded_columns(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> dict[str, str]:
    """Return per column the expression that reads it: an enum of its values, in their order, for those of few values.

    ``table`` with its schema.
    """
    expressions = {column: f'"{column}"' for column in columns}
    if repeating := [column for column in columns if column in CODED_COLUMNS]:
        types = enums(connection, f"select distinct {', '.join(repeating)} from {table}")
        expressions |= {column: f'cast("{column}" as {kind})' for column, kind in types.items()}
    return expressions


def enums(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    """Return per column of a query the enum of the texts found in it, in their order; none for a column without any."""
    found = connection.execute(query)
    columns = [column[0] for column in found.description or []]
    rows = found.fetchall()
    types = {}
    for place, column in enumerate(columns):
        if values := sorted({row[place] for row in rows if row[place] is not None}):
            named = ", ".join(f"'{value.replace(chr(39), chr(39) * 2)}'" for value in values)
            types[column] = f"enum({named})"
    return types
