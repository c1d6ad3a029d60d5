"""Checks of the frames that a method is given, before it measures anything.

Belongs here: whether the columns are there and the rows are of the grain that is read. Does not belong here: whether
the numbers are plausible, which the checks of the warehouse tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence


def require_columns(frame: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    """Raise ``ValueError`` naming the columns that the frame lacks; ``what`` is a plural, such as "stage weeks"."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"The {what} lack {', '.join(missing)}; pass {', '.join(columns)}.")


def require_unique(frame: pd.DataFrame, keys: Sequence[str], what: str) -> None:
    """Raise ``ValueError`` naming the first key that occurs twice."""
    repeated = frame.duplicated(list(keys))
    if repeated.any():
        first = frame.loc[repeated, list(keys)].iloc[0]
        named = ", ".join(f"{key} {first[key]}" for key in keys)
        raise ValueError(f"The {what} hold {named} twice; pass one row per {', '.join(keys)}.")


def complete_weeks(frame: pd.DataFrame, week_column: str) -> pd.DataFrame:
    """Return a copy with only the rows of complete weeks, their week as a day without a zone."""
    is_complete = frame["is_complete"].astype("boolean").fillna(value=False).astype(bool)
    kept = frame.loc[is_complete].copy()
    kept[week_column] = pd.to_datetime(kept[week_column]).astype("datetime64[us]")
    return kept
