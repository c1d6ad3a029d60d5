"""How many items were in each row of a line at every moment, from the intervals they spent there.

Belongs here: the exact sweep over interval ends. Does not belong here: what the counts say about a stage
(:mod:`.stage_constraint_evidence`). The sweep is not sampled: every entry adds one, every exit takes one away, and the
counts between two such moments are constant. It is exact up to ``MAX_MOMENTS``; where there are more, each entry and
exit is moved to the nearest of as many evenly spread over each period, which for 26 weeks of work are 20 seconds apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestration.analytics.array_types import Flags, Floats, Ints

#: Moments between which counts are told apart.
MAX_MOMENTS = 200_000


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Counts per row (queue or stage) and stretch of time between two events.

    ``counts`` has shape (rows, stretches); ``hours`` is the length of each stretch and ``period`` the index of the
    period it lies in; ``period_hours`` is the length of each period. Rows without intervals count 0.
    """

    counts: NDArray[np.int32]
    hours: Floats
    period: Ints
    period_hours: Floats

    @property
    def total_hours(self) -> float:
        """Length of all periods together."""
        return float(self.period_hours.sum())

    def period_sums(self, amounts: NDArray[np.int32] | Flags | Floats) -> Floats:
        """Return per row of ``amounts`` (rows, stretches) and period the sum of amount x hours."""
        n_periods = self.period_hours.size
        sums = np.empty((len(amounts), n_periods))
        for row, amount in enumerate(amounts):
            sums[row] = np.bincount(self.period, weights=amount * self.hours, minlength=n_periods)
        return sums

    def percentile(self, row: int, share: float) -> int:
        """Return the smallest count that was not exceeded for at least this share of the time."""
        hours_at_count = np.bincount(self.counts[row], weights=self.hours)
        reached = np.cumsum(hours_at_count) >= share * hours_at_count.sum() * (1 - 1e-12)
        return int(np.argmax(reached))


def sweep_occupancy(
    entered: Floats, left: Floats, row: Ints, n_rows: int, edges: Floats, *, max_moments: int = MAX_MOMENTS
) -> Occupancy:
    """Count the items in each row between any two events of a window.

    Parameters: ``entered`` and ``left`` in hours on one clock, one pair per interval, clipped here to the window;
    ``row`` gives the row of each interval (0 to n_rows - 1); ``edges`` are the period boundaries in the same hours, in
    order. Intervals without length on the clock add nothing. With more events than ``max_moments`` they are moved to
    the nearest of so many moments. Raises ``ValueError`` if an interval ends before it begins.
    """
    if (left < entered).any():
        raise ValueError("An interval ends before it begins; drop or repair such visits before they are counted.")
    start = np.clip(entered, edges[0], edges[-1])
    end = np.clip(left, edges[0], edges[-1])
    lasting = end > start
    start, end, row = start[lasting], end[lasting], row[lasting]
    if 2 * start.size > max_moments:
        moments, first, last = _spread_moments(start, end, edges, max(max_moments // (edges.size - 1), 1))
    else:
        moments = np.unique(np.concatenate([start, end, edges]))
        first, last = np.searchsorted(moments, start), np.searchsorted(moments, end)
    n_moments = moments.size
    changes = np.bincount(row * n_moments + first, minlength=n_rows * n_moments)
    changes -= np.bincount(row * n_moments + last, minlength=n_rows * n_moments)
    period = np.searchsorted(edges, moments[:-1], side="right") - 1
    return Occupancy(
        counts=np.cumsum(changes.reshape(n_rows, n_moments), axis=1, dtype=np.int32)[:, :-1],
        hours=np.diff(moments),
        period=period,
        period_hours=np.diff(edges),
    )


def _spread_moments(start: Floats, end: Floats, edges: Floats, n_per_period: int) -> tuple[Floats, Ints, Ints]:
    """Return moments spread evenly over each period, edges among them, and the nearest to each start and each end."""
    length = np.diff(edges)
    # A period without length has no moments of its own.
    edges = np.concatenate([edges[:1], edges[1:][length > 0]])
    length = np.diff(edges)
    inside = edges[:-1, None] + length[:, None] * np.arange(n_per_period) / n_per_period
    moments: Floats = np.concatenate([inside.ravel(), edges[-1:]])
    places: list[Ints] = []
    for times in (start, end):
        period = np.minimum(np.searchsorted(edges, times, side="right") - 1, length.size - 1)
        within = np.rint((times - edges[period]) / length[period] * n_per_period)
        places.append(period * n_per_period + within.astype(np.int64))
    return moments, places[0], places[1]
