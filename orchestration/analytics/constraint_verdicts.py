"""The verdicts of all refreshes, as each was said on its day.

Belongs here: what of a verdict is kept, and adding today's to what was said before. Does not belong here: the verdict
(:mod:`.constraint_declaration`) and what follows from a row of them (:mod:`.constraint_history`).

Rows of other days are never touched: later data do not rewrite what was said. Saying it again for the same day, with
the same data, replaces that day's rows by equal ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from orchestration.analytics import constraint_history

if TYPE_CHECKING:
    from collections.abc import Iterable

_VERDICT_TYPES = {
    "as_of": "datetime64[us]",
    "scope": "str",
    "scope_id": "str",
    "level": "str",
    "workflow_id": "str",
    "window_weeks": "int64",
    "stage_id": "str",
    "stage_name": "str",
    "stage_position": "int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_weeks": "int64",
    "n_departures": "int64",
    "utilisation": "float64",
    "capacity_source": "str",
    "p_constraint": "float64",
    "status": "str",
    "verdict": "str",
    "method_version": "str",
}
COLUMNS = tuple(_VERDICT_TYPES)
_ORDER = ["as_of", "scope", "scope_id", "level", "workflow_id", "window_weeks"]


def verdicts_of(declared: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return what is kept of today's :func:`.constraint_declaration.declare_constraints`, with ``COLUMNS``."""
    return declared.assign(as_of=as_of)[list(COLUMNS)].astype(_VERDICT_TYPES)


def kept_verdicts(earlier: pd.DataFrame | None, today: pd.DataFrame) -> pd.DataFrame:
    """Return the verdicts of all days: those of ``earlier`` on other days than today's as they are, and today's."""
    days = today["as_of"].unique()
    return _joined(earlier, today, days, _VERDICT_TYPES, [*_ORDER, "stage_position", "stage_id"])


def kept_events(earlier: pd.DataFrame | None, today: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return the events of all days in the same way; today may have none."""
    types = dict(zip(constraint_history.COLUMNS, today.dtypes.astype(str), strict=True))
    return _joined(earlier, today, [as_of], types, [*_ORDER, "stage_id", "event"])


def _joined(
    earlier: pd.DataFrame | None,
    today: pd.DataFrame,
    days: Iterable[pd.Timestamp],
    types: dict[str, str],
    order: list[str],
) -> pd.DataFrame:
    if earlier is None or earlier.empty:
        return today.reset_index(drop=True)
    # A column that an earlier version did not have is NULL in its rows.
    before = earlier.reindex(columns=list(types))
    before["as_of"] = pd.to_datetime(before["as_of"]).astype("datetime64[us]")
    before = before.loc[~before["as_of"].isin(days)].astype(types)
    return pd.concat([before, today], ignore_index=True).sort_values(order, ignore_index=True, kind="stable")
