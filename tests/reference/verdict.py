"""Whether a warehouse says of its items and marts what the reference says: the one question that the tests ask."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import duckdb

from tests.reference import flow_metrics, stage_days, work_items
from tests.reference.comparison import Comparison, compare
from tests.reference.ledger import ledger_of
from tests.reference.lives import work_out
from tests.reference.warehouse_reading import read_table, read_told

Row = dict[str, Any]


def comparisons(warehouse: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Comparison]]:
    """Compare the items' clocks, then every column of the marts; items first, because they say why a mart differs."""
    told = read_told(warehouse)
    items = work_out(told)
    columns, rows = read_table(warehouse, "flow.fct_work_items")
    counted = [row for row in rows if row[columns.index("is_counted")]]
    of_items = compare(columns, counted, work_items.work_items(items), work_items.KEY)
    of_items.unknown_columns = []  # what no mart of ours is made from is another test's affair
    yield "fct_work_items", of_items
    for mart, reference, key in _marts(told, items):
        yield mart, compare(*read_table(warehouse, f"marts.{mart}"), reference, key)


def _marts(told: Any, items: Any) -> Iterator[tuple[str, Iterable[Row], Sequence[str]]]:
    yield "mart_flow_metrics", flow_metrics.flow_metrics(told, ledger_of(told, items)), flow_metrics.KEY
    yield "mart_stage_days", stage_days.stage_days(told, items), stage_days.KEY


def disagreements(warehouse: duckdb.DuckDBPyConnection) -> str:
    """Return what differs, the first cells with both values; empty if nothing does.

    Raises:
        ValueError: There was nothing to compare.
    """
    told = []
    for table, comparison in comparisons(warehouse):
        if comparison.n_rows == 0:
            raise ValueError(f"No row of {table} was compared, so nothing is shown. Has the warehouse any items?")
        if not comparison.is_equal:
            told.append(f"{table}: {comparison.text()}")
    return "\n".join(told)
