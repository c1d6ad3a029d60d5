"""Refuses frames that do not keep their measure's promise.

Belongs here: telling a measurement that failed from data that is bad. Without it a missing row or a NULL would let a
check pass unseen. Does not belong here: judging the values (``checks.suites``).
"""

from collections.abc import Mapping

import pandas as pd

from checks.measures import MEASURES, Measure, MeasureColumn

_SHOWN = 5


class CheckFrameError(ValueError):
    """A frame is missing or is not what its measure declares; the gate cannot say anything."""


def checked_frame(name: str, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the frame of a measure with exactly its columns, numbers as floats or integers that pandas knows.

    Raises CheckFrameError if the frame is missing, lacks a column or a row, repeats a key, holds a NULL where the
    measure has none, or holds text or negative numbers where the measure has counts.
    """
    measure = MEASURES[name]
    if name not in frames:
        raise CheckFrameError(f"{name}: the frame is missing. Compute it before running the checks ({measure.grain}).")
    frame = frames[name]
    missing = [column for column in measure.column_names if column not in frame.columns]
    if missing:
        raise CheckFrameError(f"{name}: the columns {', '.join(missing)} are missing. Add them to the frame's SQL.")
    typed = pd.DataFrame({column.name: _typed(frame[column.name], column, name) for column in measure.columns})
    _check_rows(typed, measure)
    return typed.sort_values(list(measure.key), kind="stable").reset_index(drop=True)


def _typed(values: pd.Series, column: MeasureColumn, frame: str) -> pd.Series:
    where = f"{frame}.{column.name}"
    if values.isna().any() and not column.is_nullable:
        raise CheckFrameError(
            f"{where}: {int(values.isna().sum())} of {len(values)} values are NULL, but it says: {column.meaning}. "
            "Correct the frame's SQL."
        )
    if column.kind == "text":
        return values.astype(object).where(values.notna(), None)
    try:
        # Engines hand over counts as wide integers, decimals or nullable types; Great Expectations wants plain numbers.
        numbers = pd.to_numeric(values).astype("float64")
    except (TypeError, ValueError) as error:
        raise CheckFrameError(f"{where}: not all values are numbers. Correct the frame's SQL.") from error
    if column.kind == "count":
        if ((numbers < 0) | (numbers % 1 != 0)).any():
            raise CheckFrameError(f"{where}: a count has to be a whole number, 0 or more. Correct the frame's SQL.")
        return numbers.astype("int64")
    return numbers


def _check_rows(frame: pd.DataFrame, measure: Measure) -> None:
    repeated = frame[frame.duplicated(list(measure.key))]
    if not repeated.empty:
        shown = ", ".join(repeated[measure.key[0]].astype(str).head(_SHOWN))
        raise CheckFrameError(f"{measure.name}: more than one row for {shown}. The frame has {measure.grain}.")
    if not measure.rows:
        return
    there = set(frame[measure.key[0]])
    for problem, names in (
        ("rows are missing", [row for row in measure.rows if row not in there]),
        ("unknown rows", sorted(there - set(measure.rows))),
    ):
        if names:
            raise CheckFrameError(f"{measure.name}: {problem}: {', '.join(names)}. The frame has {measure.grain}.")
