"""How long a resource was fully busy, between any two moments.

Belongs here: the hours from its instances in work, on a clock. Does not belong here: which of them an instance waited
for (:mod:`.waiting_classes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags, Floats
    from orchestration.analytics.working_clock import WorkingClock


@dataclass(frozen=True, slots=True)
class ResourceLoad:
    """Moments in seconds, in order, and whether the resource was fully busy from each to the next."""

    moments: Floats
    is_full: Flags

    @classmethod
    def of(cls, start: Floats, finish: Floats, full_from: float) -> ResourceLoad:
        """Return when at least ``full_from`` instances were in work; each from ``start`` to ``finish`` in seconds."""
        times = np.concatenate([start, finish])
        order = np.argsort(times, kind="stable")
        in_work = np.cumsum(np.repeat([1, -1], start.size)[order])
        return cls(times[order], in_work >= full_from)

    def full_hours(self, clock: WorkingClock, begin: Floats, end: Floats) -> Floats:
        """Return the hours on a clock in which the resource was full, from each ``begin`` to its ``end`` in seconds."""
        if not self.moments.size:
            return np.zeros(begin.size)
        readings = clock.hours_at(self.moments)
        passed = np.concatenate([[0.0], np.cumsum(np.diff(readings) * self.is_full[:-1])])

        def until(seconds: Floats) -> Floats:
            place = np.searchsorted(self.moments, seconds, side="right") - 1
            since = clock.hours_at(seconds) - readings[place]
            return np.where(place >= 0, passed[place] + since * self.is_full[place], 0.0)

        return np.asarray(np.maximum(until(end) - until(begin), 0.0), dtype=np.float64)
