"""When features and epics in progress will be done, and how much a value stream will finish.

Belongs here: dates as ranges, numbers of items by a date, and how such forecasts have come true. Does not belong here:
how they are drawn (`analysis.delivery_forecasts`, `analysis.throughput_forecasts`).
"""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Column, Notice, Table, Words
from orchestration.reports.sections.cut_rows import ROWS_SHOWN, cut_note
from orchestration.reports.wording import (
    MOST,
    clipped,
    count,
    counted,
    counted_items,
    day,
    day_range,
    is_missing,
    level_plural,
    listed,
    percent,
    sentence_start,
)

# Of each level: as many of the largest and as many of the oldest on the first page.
SHOWN_OF_EACH = 3
_PROMISED = MOST / 100
_LEVELS = ("epic", "capability", "feature")


def overview_blocks(
    forecasts: pd.DataFrame,
    backtest: pd.DataFrame,
    items: pd.DataFrame,
    stream_names: Mapping[str, str],
    hrefs: Mapping[str, str],
) -> tuple[Block, ...]:
    """The largest and the oldest of the features and epics in progress, and what such dates were worth.

    Args:
        forecasts: `delivery_forecasts`.
        backtest: `delivery_backtest`.
        items: `fct_work_items`.
        stream_names: Name by value_stream_id, of the streams to show.
        hrefs: Page by value_stream_id.
    """
    named = _named(forecasts[forecasts["scope_id"].isin(list(stream_names))], items)
    if named.empty:
        return (Notice("No feature or epic with work begun on its parts is in progress.", tone="muted"),)
    chosen = pd.concat(
        [
            part
            for level in _LEVELS
            for of_level in (named[named["level"] == level],)
            for part in (
                of_level.nlargest(SHOWN_OF_EACH, "n_children_left"),
                of_level.nlargest(SHOWN_OF_EACH, "age_calendar_days"),
            )
        ]
    ).drop_duplicates("work_item_id")
    if len(named) == len(chosen):
        what = f"{_levels_counted(named)} in progress"
    else:
        what = f"The largest and the oldest of {_levels_counted(named)} in progress"
    return (Words(_worth(backtest, named)), _table(_in_order(chosen), what, stream_names, hrefs))


def stream_blocks(
    forecasts: pd.DataFrame, backtest: pd.DataFrame, items: pd.DataFrame, stream_id: str
) -> tuple[Block, ...]:
    """All features and epics in progress of one value stream."""
    named = _named(forecasts[forecasts["scope_id"] == stream_id], items)
    if named.empty:
        return (Notice("No feature or epic with work begun on its parts is in progress.", tone="muted"),)
    what = f"{_levels_counted(named)} in progress{cut_note(len(named))}"
    return (Words(_worth(backtest, named)), _table(_in_order(named).head(ROWS_SHOWN), what, {}, {}))


def throughput_table(forecasts: pd.DataFrame, stream_id: str, level: str) -> Block | None:
    """How many items of one level a value stream finishes within some weeks; None where nothing is said of it."""
    own = forecasts[(forecasts["scope_id"] == stream_id) & (forecasts["level"] == level)].sort_values("horizon_weeks")
    if own.empty:
        return None
    reason = own["withheld_reason"].dropna()
    plural = level_plural(level)
    if len(reason):
        return Notice(f"How many {plural} will be finished is not said: {reason.iloc[0]}.", tone="muted")
    rows = tuple(
        (
            Cell(f"{row['horizon_weeks']} weeks", note=f"until {day(row['target_date'])}"),
            *(Cell(count(row[f"items_{chance}"])) for chance in (50, 85, 95)),
            _kept(row),
        )
        for row in own.to_dict("records")
    )
    first = own.iloc[0]
    window = day_range(first["window_start"], first["window_end"])
    return Table(
        f"{sentence_start(plural)} that will be finished, drawn from {counted(first['n_weeks'], 'week')} ({window})",
        (
            Column("Within"),
            Column("even chance", is_numeric=True, note="or more"),
            Column("85 % chance", is_numeric=True, note="or more"),
            Column("95 % chance", is_numeric=True, note="or more"),
            Column("Past forecasts at 85 % that held", is_numeric=True, note="85 % would be right"),
        ),
        rows,
    )


def _kept(row: Mapping[Hashable, Any]) -> Cell:
    if is_missing(row["hit_rate_85"]) or not row["n_cases"]:
        return Cell("not known", note=f"no past {row['horizon_weeks']} weeks could be looked ahead from", tone="muted")
    interval = f"{percent(row['hit_rate_85_lower'])} to {percent(row['hit_rate_85_upper'])}"
    return Cell(percent(row["hit_rate_85"]), note=f"of {count(row['n_cases'])}; {interval}")


def _named(forecasts: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    about = items[["work_item_id", "item_key", "title", "age_calendar_days"]]
    named = forecasts.merge(about, on="work_item_id", how="left")
    return named.assign(age_calendar_days=named["age_calendar_days"].astype("float64"))


def _in_order(named: pd.DataFrame) -> pd.DataFrame:
    order = named["level"].map({level: place for place, level in enumerate(_LEVELS)}).fillna(len(_LEVELS))
    return named.assign(order=order).sort_values(["order", "date_85", "work_item_id"], na_position="last")


def _levels_counted(named: pd.DataFrame) -> str:
    numbers = named["level"].value_counts()
    return listed([counted_items(numbers[level], level) for level in _LEVELS if level in numbers])


def _worth(backtest: pd.DataFrame, named: pd.DataFrame) -> tuple[str, ...]:
    sentences = []
    for level in _LEVELS:
        found = backtest[(backtest["level"] == level) & (backtest["scope_type"] == "value_stream")]
        if level not in set(named["level"]):
            continue
        if found.empty or is_missing(found.iloc[0]["hit_rate_85"]):
            sentences.append(
                f"No date of {level_plural(level)} can be checked yet, so nobody knows what these are worth."
            )
            continue
        row = found.iloc[0]
        lower, upper = row["hit_rate_85_lower"], row["hit_rate_85_upper"]
        how = ""
        if upper < _PROMISED:
            how = " Fewer than promised: add some time to them."
        elif lower > _PROMISED:
            how = " More than promised: the dates are careful."
        sentences.append(
            f"Of {count(row['n_cases'])} past dates of {level_plural(level)} given with an 85 % chance, "
            f"{percent(row['hit_rate_85'])} were kept (95 % interval {percent(lower)} to {percent(upper)}).{how}"
        )
    return tuple(sentences)


def _table(rows: pd.DataFrame, caption: str, stream_names: Mapping[str, str], hrefs: Mapping[str, str]) -> Table:
    cells = []
    for row in rows.to_dict("records"):
        stream = stream_names.get(row["scope_id"])
        n_all = row["n_children_left"] + row["n_children_finished"]
        cells.append(
            (
                Cell(
                    clipped(str(row["title"]), 60),
                    href=hrefs.get(row["scope_id"]),
                    note=", ".join(str(part) for part in (row["item_key"], row["level"], stream) if part),
                ),
                Cell(f"{count(row['n_children_left'])} of {count(n_all)}"),
                Cell("–" if is_missing(row["age_calendar_days"]) else count(row["age_calendar_days"])),
                *_dates(row),
            )
        )
    return Table(
        caption,
        (
            Column("Item"),
            Column("Parts left", is_numeric=True),
            Column("Age", is_numeric=True, note="calendar days"),
            Column("Likely done", note="even chance – 85 % chance", is_prose=True),
            Column("At the latest", note="95 % chance"),
        ),
        tuple(cells),
        notes=(
            "From the pace at which parts were finished in past weeks, growth of the scope allowed for where enough "
            "finished items tell of it.",
        ),
    )


def _dates(row: Mapping[Hashable, Any]) -> tuple[Cell, Cell]:
    if is_missing(row["date_50"]):
        return Cell(f"not said: {row['withheld_reason']}", tone="muted"), Cell("–")
    if is_missing(row["date_85"]):
        return Cell(f"even chance by {day(row['date_50'])}", note=str(row["withheld_reason"])), Cell("–")
    pace = "its own pace" if row["pace_source"] == "own" else "the pace of others"
    latest = "–" if is_missing(row["date_95"]) else day(row["date_95"])
    return Cell(day_range(row["date_50"], row["date_85"]), note=pace), Cell(latest)
