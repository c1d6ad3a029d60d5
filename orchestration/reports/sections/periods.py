"""The periods that sections compare: complete increments (or months), and the last complete weeks.

Belongs here: choosing rows of the marts by period. Does not belong here: computing a metric.

A period is complete where it lies wholly within the data: the last may still be running, and the first may have begun
before the scope's first day with data.
"""

from typing import Final

import pandas as pd

from orchestration.reports.wording import MONTHS, as_day

COMPARED_PERIODS: Final = 6
WEEKS_SHOWN: Final = 26


def complete_periods(
    flow: pd.DataFrame, increments: pd.DataFrame, scope_type: str, scope_id: str, level: str
) -> pd.DataFrame:
    """The last complete increments of a scope and level, oldest first; calendar months where no increment is complete.

    Args:
        flow: `mart_flow_metrics`.
        increments: `dim_increments`, for the names.

    Returns:
        At most `COMPARED_PERIODS` rows of the mart with `period_name` and `weeks` (length of the period).
    """
    scoped = _scoped(flow, scope_type, scope_id, level)
    complete = scoped[scoped["is_complete"].astype(bool)]
    chosen = complete[complete["period_type"] == "increment"]
    if chosen.empty:
        chosen = complete[complete["period_type"] == "month"]
    names = dict(zip(increments["increment_id"], increments["increment_name"], strict=True))
    chosen = chosen.sort_values("period_start").tail(COMPARED_PERIODS)
    starts, ends = pd.to_datetime(chosen["period_start"]), pd.to_datetime(chosen["period_end"])
    period_names = [
        str(names.get(period_id) or period_id) if period_type == "increment" else _month_name(start)
        for period_id, period_type, start in zip(chosen["period_id"], chosen["period_type"], starts, strict=True)
    ]
    return chosen.assign(period_name=period_names, weeks=((ends - starts).dt.days + 1) / 7)


def complete_weeks(flow: pd.DataFrame, scope_type: str, scope_id: str, level: str) -> pd.DataFrame:
    """The last `WEEKS_SHOWN` complete weeks of a scope and level, oldest first (rows of `mart_flow_metrics`)."""
    scoped = _scoped(flow, scope_type, scope_id, level)
    weeks = scoped[(scoped["period_type"] == "week") & scoped["is_complete"].astype(bool)]
    return weeks.sort_values("period_start").tail(WEEKS_SHOWN)


def _scoped(flow: pd.DataFrame, scope_type: str, scope_id: str, level: str) -> pd.DataFrame:
    return flow[(flow["scope_type"] == scope_type) & (flow["scope_id"] == scope_id) & (flow["level"] == level)]


def _month_name(start: pd.Timestamp) -> str:
    first = as_day(start)
    return f"{MONTHS[first.month - 1]} {first.year}"
