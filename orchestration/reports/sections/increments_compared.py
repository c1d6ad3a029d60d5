"""Flow time, throughput, WIP and flow efficiency of a scope against its own last increments.

Belongs here: the table at a glance (all value streams) and the table of one value stream. Does not belong here:
comparing value streams with each other: their items differ in size, so a difference says nothing.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from orchestration.reports.blocks import Cell, Column, Notice, Spark, Table
from orchestration.reports.wording import (
    MIN_ITEMS_FOR_PERCENTILE,
    NOT_MEASURED,
    count,
    counted,
    day_range,
    days,
    is_missing,
    level_plural,
    number,
    percent,
)


@dataclass(frozen=True)
class Scope:
    """One row of the table at a glance: a scope with its complete periods (oldest first)."""

    name: str
    href: str | None
    level: str
    periods: pd.DataFrame


GLANCE_COLUMNS = (
    Column("Value stream"),
    Column("Flow time", note="half took this or less, calendar days"),
    Column("Throughput", note="items finished"),
    Column("Work in progress", note="mean of the period's days"),
    Column("Flow efficiency", note="active share of flow time"),
)


def glance_table(scopes: Sequence[Scope]) -> Table | Notice:
    """One row per scope: the last complete increment, the one before it, and small bars for up to six."""
    shown = [scope for scope in scopes if len(scope.periods)]
    if not shown:
        return Notice(
            "No increment or month lies wholly within the data yet, so there is nothing to compare.", tone="muted"
        )
    names = sorted({str(scope.periods["period_name"].iloc[-1]) for scope in shown})
    spans = sorted({_span(_last(scope.periods)) for scope in shown})
    caption = f"{' and '.join(names)} ({', '.join(spans)}) against each value stream’s own earlier periods"
    notes = [
        "Small bars: up to six complete periods, the last one dark; a period that is still running, or began before "
        "the first day with data, is left out. Each value stream is compared only with itself, as the size of items "
        "differs between value streams."
    ]
    if any(scope.periods["p50_flow_time_calendar_days"].isna().iloc[-1] for scope in shown):
        notes.append(f"{NOT_MEASURED}: withheld, as fewer than {MIN_ITEMS_FOR_PERCENTILE} items have the value.")
    return Table(caption, GLANCE_COLUMNS, tuple(_glance_row(scope) for scope in shown), notes=tuple(notes))


def _last(periods: pd.DataFrame, back: int = 1) -> Mapping[Hashable, Any]:
    """The last period, or the one `back` places from the end; empty if there are not so many."""
    return periods.iloc[-back].to_dict() if len(periods) >= back else {}


def _span(period: Mapping[Hashable, Any]) -> str:
    return day_range(period["period_start"], period["period_end"])


def _glance_row(scope: Scope) -> tuple[Cell, ...]:
    name = Cell(scope.name, href=scope.href, note=level_plural(scope.level))
    now, before = _last(scope.periods), _last(scope.periods, 2)
    throughput_text = counted(now["n_finished"], "item")
    return (
        name,
        _compared_cell(scope, "p50_flow_time_calendar_days", days, "n_flow_time", "flow time"),
        Cell(
            throughput_text,
            note=_join(
                f"{number(now['n_finished'] / now['weeks'])} a week",
                None if not before else f"before: {number(before['n_finished'] / before['weeks'])} a week",
            ),
            spark=_spark(scope, "n_finished", count, "throughput"),
        ),
        _compared_cell(scope, "wip_mean", number, None, "work in progress"),
        _compared_cell(scope, "flow_efficiency", percent, "n_flow_efficiency", "flow efficiency"),
    )


def _join(*parts: str | None) -> str | None:
    return "; ".join(part for part in parts if part) or None


def _compared_cell(scope: Scope, column: str, wording: Callable[[float], str], n_column: str | None, what: str) -> Cell:
    now, before = _last(scope.periods), _last(scope.periods, 2)
    n_text = None if n_column is None else f"n {count(now[n_column])}"
    spark = _spark(scope, column, wording, what)
    if is_missing(now[column]):
        return Cell(NOT_MEASURED, note=n_text, tone="muted", spark=spark)
    earlier = None if not before or is_missing(before[column]) else f"before: {wording(before[column])}"
    return Cell(wording(now[column]), note=_join(n_text, earlier), spark=spark)


def _spark(scope: Scope, column: str, wording: Callable[[float], str], what: str) -> Spark | None:
    if len(scope.periods) == 1:
        return None
    values = [None if is_missing(value) else float(value) for value in scope.periods[column]]
    said = [
        f"{name} {'withheld' if value is None else wording(value)}"
        for name, value in zip(scope.periods["period_name"], values, strict=True)
    ]
    return Spark(tuple(values), f"{scope.name}, {what}: {', '.join(said)}")


PERIOD_COLUMNS = (
    Column("Period"),
    Column("Finished", is_numeric=True),
    Column("Cycle time", is_numeric=True, note="50 % / 85 %, days"),
    Column("Flow time", is_numeric=True, note="50 % / 85 %, days"),
    Column("WIP", is_numeric=True, note="mean of days"),
    Column("Active share", is_numeric=True, note="flow efficiency"),
)


def periods_table(periods: pd.DataFrame, level: str) -> Table | Notice:
    """One row per complete period of one scope and level, newest first."""
    plural = level_plural(level)
    if periods.empty:
        return Notice(f"No increment or month lies wholly within the data of {plural} yet.", tone="muted")
    if not periods["n_finished"].sum() and not periods["wip_mean"].fillna(0).sum():
        return Notice(f"No {plural} were in progress or finished in the complete periods.", tone="muted")
    rows = tuple(_period_row(row) for row in periods.iloc[::-1].to_dict("records"))
    notes = [
        "50 % / 85 %: of the items finished in the period that have the time (n), half, and 85 %, took this many "
        "calendar days or less.",
        "Complete periods only: one that is still running, or began before the first day with data, is left out.",
    ]
    n_undefined = float(periods["n_undefined_start"].fillna(0).sum())
    if n_undefined:
        notes.append(
            f"{counted(n_undefined, 'finished item')} {'has' if n_undefined == 1 else 'have'} no cycle time: never "
            f"started, or no usable history; {'it counts' if n_undefined == 1 else 'they count'} as finished."
        )
    withheld = periods["p50_cycle_time_calendar_days"].isna() | periods["p50_flow_time_calendar_days"].isna()
    if withheld.any():
        notes.append(f"{NOT_MEASURED}: withheld, as fewer than {MIN_ITEMS_FOR_PERCENTILE} items have the value.")
    return Table(
        f"{plural.capitalize()} by period, newest first", PERIOD_COLUMNS, rows, is_compact=True, notes=tuple(notes)
    )


def _period_row(row: Mapping[Hashable, Any]) -> tuple[Cell, ...]:
    return (
        Cell(str(row["period_name"]), note=_span(row)),
        Cell(count(row["n_finished"]), note=f"{number(row['n_finished'] / row['weeks'])} a week"),
        _pair(row, "p50_cycle_time_calendar_days", "p85_cycle_time_calendar_days", row["n_cycle_time"]),
        _pair(row, "p50_flow_time_calendar_days", "p85_flow_time_calendar_days", row["n_flow_time"]),
        Cell(
            NOT_MEASURED if is_missing(row["wip_mean"]) else number(row["wip_mean"]),
            note=None if is_missing(row["wip_end"]) else f"{count(row['wip_end'])} at end",
        ),
        Cell(
            NOT_MEASURED if is_missing(row["flow_efficiency"]) else percent(row["flow_efficiency"]),
            note=f"n {count(row['n_flow_efficiency'])}",
        ),
    )


def _pair(row: Mapping[Hashable, Any], first: str, second: str, n_items: float) -> Cell:
    texts = [NOT_MEASURED if is_missing(row[column]) else number(row[column]) for column in (first, second)]
    return Cell(" / ".join(texts), note=f"n {count(n_items)}")
