"""Reads the records of `records.py` from a warehouse file: one table, one kind of record, nothing computed.

The reference starts where all tools speak one vocabulary (exported items and changes) and at the portfolio's own
tables. It reads no table that lies behind those.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

import duckdb

from tests.reference import records
from tests.reference.records import Told

Record = TypeVar("Record")


def read_told(warehouse: duckdb.DuckDBPyConnection) -> Told:
    """Return what the tools and the portfolio told of the refresh that made this warehouse."""
    with in_utc(warehouse) as connection:

        def read(record: type[Record], table: str) -> list[Record]:
            return _read(connection, record, table)

        changes = defaultdict(list)
        for change in read(records.Change, "intermediate.int_exported_changes_unioned"):
            changes[change.work_item_id].append(change)
        ((as_of,),) = connection.execute("select as_of from raw_portfolio.refresh").fetchall()
        return Told(
            as_of=as_of,
            exported_items=read(records.Item, "intermediate.int_exported_items_unioned"),
            censuses=read(records.Census, "staging.stg_quality__item_censuses"),
            changes=changes,
            exported_links=read(records.ExportedLink, "intermediate.int_exported_links_unioned"),
            statuses=read(records.KnownStatus, "intermediate.int_exported_statuses_unioned"),
            membership_rules=read(records.MembershipRule, "raw_portfolio.membership_rules"),
            work_type_rules=read(records.WorkTypeRule, "raw_portfolio.work_type_rules"),
            workflow_scopes=read(records.WorkflowScope, "raw_portfolio.workflow_scopes"),
            stages={stage.stage_id: stage for stage in read(records.Stage, "raw_portfolio.stages")},
            stage_statuses=read(records.StageStatus, "raw_portfolio.stage_statuses"),
            cancelled_resolutions=read(records.CancelledResolution, "raw_portfolio.cancelled_resolutions"),
            blocked_rules=read(records.BlockedRule, "raw_portfolio.blocked_rules"),
            teams={team.team_id: team for team in read(records.Team, "raw_portfolio.teams")},
            trains={train.train_id: train for train in read(records.Train, "raw_portfolio.trains")},
            value_streams={
                stream.value_stream_id: stream for stream in read(records.ValueStream, "raw_portfolio.value_streams")
            },
            increments=read(records.Increment, "raw_portfolio.increments"),
        )


def read_table(warehouse: duckdb.DuckDBPyConnection, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and rows of a table, as the SQL made them."""
    with in_utc(warehouse) as connection:
        found = connection.execute(f"select * from {table}")
        return [column[0] for column in found.description], found.fetchall()


@contextmanager
def in_utc(warehouse: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session of its own, so that the test's own connection keeps its time zone."""
    with warehouse.cursor() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def _read(connection: duckdb.DuckDBPyConnection, record: type[Record], table: str) -> list[Record]:
    names = [field.name for field in fields(record)]  # type: ignore[arg-type]
    return [
        record(**{name: _day_or_value(value) for name, value in zip(names, row, strict=True)})
        for row in connection.execute(f"select {', '.join(names)} from {table}").fetchall()
    ]


def _day_or_value(value: Any) -> Any:
    """The portfolio's tables keep days as timestamps without a zone."""
    return value.date() if isinstance(value, datetime) and value.tzinfo is None else value
