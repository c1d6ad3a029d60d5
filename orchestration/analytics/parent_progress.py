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
    from numpy.typing import NDArray

    from orchestration.analytics.array_types import Flags, Floats, Ints

    # Children of a parent and week: small numbers, but millions of cells of them.
    Counts = NDArray[np.int32]

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
    """Parents by week, arrays of shape (parents, weeks) unless told otherwise: state at the end of each week.

    ``finished``: children finished in the week, ``finished_by``: up to its end. ``is_worked``: work on a child had
    begun before the week and some child was left as it began. Shape (parents,): ``early_week``, the first that ended
    with a child finished and one left, and ``done_week``, in which the last child was closed for good; -1 where there
    is none, as while one is open or if none was finished.
    """

    parents: pd.DataFrame
    scope: Ints
    left: Counts
    finished: Counts
    finished_by: Counts
    is_begun: Flags
    is_worked: Flags
    early_week: Ints
    done_week: Ints
    # What was found already, by scope and weeks: all parents of a scope and level share it.
    growth: dict[tuple[int, int], GrowthRatios] = field(default_factory=dict)
    shared: dict[tuple[int, int, int], SharedWeeks] = field(default_factory=dict)


def progress_by_week(
    parents: pd.DataFrame, children: pd.DataFrame, last_week: pd.Timestamp
) -> tuple[Progress, pd.Timestamp]:
    """Count the children of each parent by week, up to the last; later days count as not yet."""
    about = parents.loc[:, list(PARENT_COLUMNS)].reset_index(drop=True)
    number, parent_id = pd.factorize(children["parent_work_item_id"])
    # A child without a parent has number -1: the last place is for it.
    parent = np.append(pd.Index(about["work_item_id"]).get_indexer(parent_id), -1)[number]
    is_kept = parent >= 0
    parent = parent[is_kept]
    day = {name: pd.to_datetime(children.loc[is_kept, name]) for name in CHILD_COLUMNS if name.endswith("_date")}
    n_days = (last_week - day["joined_date"].min()).days if day["joined_date"].notna().any() else 0
    first_week = last_week - pd.Timedelta(weeks=max(0, -(-n_days // 7)))
    n_weeks = (last_week - first_week).days // 7 + 1
    # Comes after every week: not by the end of the last one.
    never = n_weeks

    def week_of(name: str) -> Ints:
        """Week number of a day, the first one for an earlier day; ``never`` if missing or after the last week."""
        days = day[name].to_numpy(dtype="datetime64[D]")
        weeks = (days - np.datetime64(first_week, "D")).astype(np.int64) // 7
        return np.where(np.isnat(days), never, weeks.clip(0, never))

    finished, cancelled, joined = week_of("finished_date"), week_of("cancelled_date"), week_of("joined_date")
    closed = np.minimum(finished, cancelled)
    # Closed before it came: it was never work of this parent.
    is_work = (joined < never) & ~(closed < joined)
    begun = np.maximum(week_of("started_date"), joined)
    begun = np.minimum(begun, finished)

    def count(weeks: Ints) -> Counts:
        chosen = is_work & (weeks < never)
        cell = parent[chosen] * n_weeks + weeks[chosen]
        return np.bincount(cell, minlength=len(about) * n_weeks).reshape(len(about), n_weeks).astype(np.int32)

    n_finished = count(np.where(finished <= cancelled, finished, never))
    finished_by = n_finished.cumsum(axis=1, dtype=np.int32)
    left = (count(joined) - count(closed)).cumsum(axis=1, dtype=np.int32)
    is_begun = np.logical_or.accumulate(count(begun) > 0, axis=1)
    is_left = left > 0
    is_worked = np.zeros(left.shape, dtype=bool)
    is_worked[:, 1:] = is_left[:, :-1] & is_begun[:, :-1]
    is_done = ~is_left[:, -1] & (finished_by[:, -1] > 0)
    last_open = n_weeks - 1 - np.argmax(is_left[:, ::-1], axis=1)
    first_close = np.argmax(finished_by > 0, axis=1)
    is_early = (finished_by > 0) & is_left
    return Progress(
        parents=about,
        scope=np.asarray(about.groupby(list(SCOPE_COLUMNS), sort=True).ngroup(), dtype=np.int64),
        left=left,
        finished=n_finished,
        finished_by=finished_by,
        is_begun=is_begun,
        is_worked=is_worked,
        early_week=np.where(is_early.any(axis=1), np.argmax(is_early, axis=1), -1),
        done_week=np.where(is_done, np.where(is_left.any(axis=1), last_open + 1, first_close), -1),
    ), first_week


def shared_weeks(progress: Progress, scope: int, first: int, origin: int) -> SharedWeeks:
    """Return the weeks of work on the parents of a scope from the first to the origin, both included."""
    if (known := progress.shared.get((scope, first, origin))) is not None:
        return known
    alike, recent = np.flatnonzero(progress.scope == scope), slice(first, origin + 1)
    worked = progress.is_worked[alike, recent]
    finished = progress.finished[alike, recent][worked].astype(np.float64)
    per_week = float(finished.mean()) if finished.size else float("nan")
    found = SharedWeeks(finished, int(worked.any(axis=1).sum()), per_week)
    return progress.shared.setdefault((scope, first, origin), found)


def growth_ratios(progress: Progress, scope: int, origin: int) -> GrowthRatios:
    """Return, of parents of the scope done by the origin, what was still finished over what was left early on."""
    if (known := progress.growth.get((scope, origin))) is not None:
        return known
    had_early = (progress.early_week >= 0) & (progress.early_week <= origin)
    row = np.flatnonzero((progress.scope == scope) & had_early & (progress.left[:, origin] == 0))
    early = progress.early_week[row]
    still_finished = progress.finished_by[row, origin] - progress.finished_by[row, early]
    values: Floats = np.sort(still_finished / progress.left[row, early])
    ratios = GrowthRatios(values, float(np.median(values)) if values.size else float("nan"))
    return progress.growth.setdefault((scope, origin), ratios)
