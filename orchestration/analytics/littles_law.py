"""Little's law as a check of the data of one station: items there = arrival rate x time spent there.

Belongs here: the two sides of the law over a window and whether they agree. Does not belong here: a verdict on a stage.
A station that breaks the law has visits that are lost, doubled or wrongly timed, or changed too much in the window.

Source: J. D. C. Little, "A proof for the queuing formula L = lambda W", Operations Research 9 (1961); over a finite
window the law holds on average when as much work is there at the end as at the start (J. D. C. Little, "Little's law
as viewed on its 50th anniversary", Operations Research 59, 2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestration.analytics.exact_sums import total_seconds

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Floats

_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class LittlesLawSettings:
    """``max_gap`` between the two sides, and the change of work in progress up to which the law is asked for."""

    max_gap: float = 0.1
    max_wip_change: float = 0.1


@dataclass(frozen=True, slots=True)
class LittlesLawCheck:
    """Both sides of the law on the calendar clock; ``holds`` is None where the law cannot be asked for.

    ``mean_items`` is L; ``left_per_day`` is lambda, from the visits that ended in the window; ``mean_days`` is W, their
    whole length; ``gap`` is abs(L - lambda W) / L. NaN where nothing was there or nothing ended.
    """

    mean_items: float
    left_per_day: float
    mean_days: float
    gap: float
    wip_at_start: int
    wip_at_end: int
    holds: bool | None


def check_littles_law(
    entered: Floats, left: Floats, start: float, end: float, settings: LittlesLawSettings | None = None
) -> LittlesLawCheck:
    """Compare both sides of Little's law for the visits to one station (a stage and its queue).

    Parameters: ``entered`` and ``left`` in seconds since the epoch, ``left`` NaN while open; visits follow one another
    without overlap per item, so an item's queue and stage add up. The window is [start, end).
    """
    settings = settings or LittlesLawSettings()
    open_or_later = np.isnan(left) | (left >= end)
    until = np.where(open_or_later, end, left)
    days = (end - start) / _SECONDS_PER_DAY
    overlap = np.maximum(until - np.maximum(entered, start), 0.0)[entered < end]
    mean_items = total_seconds(overlap) / _SECONDS_PER_DAY / days
    ended = ~open_or_later & (left >= start)
    n_ended = int(ended.sum())
    spent = total_seconds(left[ended] - entered[ended])
    mean_days = spent / n_ended / _SECONDS_PER_DAY if n_ended else float("nan")
    left_per_day = n_ended / days
    gap = abs(mean_items - left_per_day * mean_days) / mean_items if mean_items > 0 else float("nan")
    wip_at_start = int(((entered < start) & (np.isnan(left) | (left >= start))).sum())
    wip_at_end = int(((entered < end) & open_or_later).sum())
    is_steady = abs(wip_at_end - wip_at_start) < settings.max_wip_change * max(wip_at_end, wip_at_start, 1)
    return LittlesLawCheck(
        mean_items=mean_items,
        left_per_day=left_per_day,
        mean_days=mean_days,
        gap=gap,
        wip_at_start=wip_at_start,
        wip_at_end=wip_at_end,
        holds=bool(gap <= settings.max_gap) if is_steady and not np.isnan(gap) else None,
    )
