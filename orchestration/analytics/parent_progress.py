"""How far features and epics had come by the end of each week, and what those of a scope and level have in common.

Belongs here: children by week of each parent, the weeks of work on all parents alike, and how their scope grew. Does
not belong here: what is forecast from it (:mod:`.parent_delivery_forecast`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags, Floats, Ints

PARENT_COLUMNS = ("work_item_id", "scope_type", "scope_id", "level", "is_open")
CHILD_COLUMNS = (
    "work_item_id",
    "parent_work_item_id",
    "joined_date",
    "started_date",
    "finished_date",
    "cancelled_date",
)
#: What tells parents apart that are alike.
SCOPE_COLUMNS = ("scope_type", "scope_id", "level")


@dataclass(frozen=True, slots=True)
class SharedWeeks:
    """Weeks of work on all parents of a scope and level up to an origin: children finished, and of how many parents."""

    finished: Floats
    n_parents: int
    per_week: float


@dataclass(frozen=True, slots=True)
class GrowthRatios:
    """What was finished late over what was left early, of parents that are done, in ascending order."""

    ratios: Floats
    median: float


@dataclass(frozen=True, slots=True)
class Progress:
    """Parents by week, arrays of shape (parents, weeks): state at the end of each week.

    ``is_worked``: work on a child had begun before the week and some child was left as it began. ``done_week``: the
    week in which the last child was closed for good, -1 while one is open or if none was finished.
    """

    parents: pd.DataFrame
    scope: Ints
    left: Floats
    finished: Floats
    is_begun: Flags
    is_worked: Flags
    done_week: Ints
    # What was found already, by scope and weeks: all parents of a scope and level share it.
    growth: dict[tuple[int, int], GrowthRatios] = field(default_factory=dict)
    shared: dict[tuple[int, int, int], SharedWeeks] = field(default_factory=dict)


def progress_by_week(
    parents: pd.DataFrame, children: pd.DataFrame, last_week: pd.Timestamp
) -> tuple[Progress, pd.Timestamp]:
    """Count the children of each parent by week, up to the last; later days count as not yet."""
    about = parents.loc[:, list(PARENT_COLUMNS)].reset_index(drop=True)
    row = children["parent_work_item_id"].map(pd.Series(about.index, index=about["work_item_id"]))
    kept = children.loc[row.notna()]
    parent = row.dropna().to_numpy(dtype=np.int64)
    day = {name: pd.to_datetime(kept[name]) for name in CHILD_COLUMNS if name.endswith("_date")}
    end = last_week + pd.Timedelta(days=7)
    n_days = (last_week - day["joined_date"].min()).days if day["joined_date"].notna().any() else 0
    first_week = last_week - pd.Timedelta(weeks=max(0, -(-n_days // 7)))
    n_weeks = (last_week - first_week).days // 7 + 1

    def week_of(name: str) -> Floats:
        """Week number of a day; infinite where it has not come by the end of the last week."""
        days = day[name].where(day[name] < end)
        weeks = ((days - first_week).dt.days // 7).clip(lower=0).fillna(np.inf)
        return np.asarray(weeks, dtype=np.float64)

    finished, cancelled, joined = week_of("finished_date"), week_of("cancelled_date"), week_of("joined_date")
    closed = np.minimum(finished, cancelled)
    # Closed before it came: it was never work of this parent.
    is_work = np.isfinite(joined) & ~(closed < joined)
    begun = np.maximum(week_of("started_date"), joined)
    begun = np.minimum(begun, finished)

    def count(weeks: Floats) -> Floats:
        chosen = is_work & np.isfinite(weeks)
        cell = parent[chosen] * n_weeks + weeks[chosen].astype(np.int64)
        return np.bincount(cell, minlength=len(about) * n_weeks).reshape(len(about), n_weeks).astype(np.float64)

    n_finished = count(np.where(finished <= cancelled, finished, np.inf))
    left = (count(joined) - count(closed)).cumsum(axis=1)
    is_begun = count(begun).cumsum(axis=1) > 0
    was_left = np.zeros(left.shape, dtype=bool)
    was_left[:, 1:] = (left[:, :-1] > 0) & is_begun[:, :-1]
    is_done = (left[:, -1] == 0) & (n_finished.sum(axis=1) > 0)
    last_open = left.shape[1] - 1 - np.argmax(left[:, ::-1] > 0, axis=1)
    first_close = np.argmax(n_finished.cumsum(axis=1) > 0, axis=1)
    done_week = np.where(is_done, np.where((left > 0).any(axis=1), last_open + 1, first_close), -1)
    return Progress(
        parents=about,
        scope=np.asarray(about.groupby(list(SCOPE_COLUMNS), sort=True).ngroup(), dtype=np.int64),
        left=left,
        finished=n_finished,
        is_begun=is_begun,
        is_worked=was_left,
        done_week=done_week,
    ), first_week


def shared_weeks(progress: Progress, scope: int, first: int, origin: int) -> SharedWeeks:
    """Return the weeks of work on the parents of a scope from the first to the origin, both included."""
    if (known := progress.shared.get((scope, first, origin))) is not None:
        return known
    alike, recent = progress.scope == scope, slice(first, origin + 1)
    worked = progress.is_worked[alike, recent]
    finished = progress.finished[alike, recent][worked]
    per_week = float(finished.mean()) if finished.size else float("nan")
    found = SharedWeeks(finished, int(worked.any(axis=1).sum()), per_week)
    return progress.shared.setdefault((scope, first, origin), found)


def growth_ratios(progress: Progress, scope: int, origin: int) -> GrowthRatios:
    """Return, of parents of the scope done by the origin, what was still finished over what was left early on."""
    if (known := progress.growth.get((scope, origin))) is not None:
        return known
    alike = progress.scope == scope
    finished, left = progress.finished[alike, : origin + 1].cumsum(axis=1), progress.left[alike, : origin + 1]
    is_early = (finished > 0) & (left > 0)
    early = np.argmax(is_early, axis=1)
    row = np.flatnonzero(is_early.any(axis=1) & (left[:, -1] == 0))
    values: Floats = np.sort((finished[row, -1] - finished[row, early[row]]) / left[row, early[row]])
    ratios = GrowthRatios(values, float(np.median(values)) if values.size else float("nan"))
    return progress.growth.setdefault((scope, origin), ratios)
