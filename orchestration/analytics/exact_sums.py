"""Sums of many durations that do not depend on the order of the rows.

Belongs here: adding up times to the microsecond. Does not belong here: which times.

A sum of fractions differs in its last digits with the order of its terms, and a database gives millions of rows in no
order. Whole microseconds have one sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Floats, Ints

#: Both parts of a number of microseconds stay so small that a million of them add up exactly in floating point.
_PART = 2**24


def summed_seconds(seconds: Floats, group: Ints, n_groups: int) -> Floats:
    """Return the sum of the seconds per group, shape (n_groups,), the same in any order of the rows.

    ``group`` numbers the group of each row from 0. Seconds are rounded to microseconds.
    """
    high, low = np.divmod(np.rint(seconds * 1e6), _PART)
    sums = [np.bincount(group, weights=part, minlength=n_groups) for part in (high, low)]
    return np.asarray((sums[0] * _PART + sums[1]) / 1e6, dtype=np.float64)


def total_seconds(seconds: Floats) -> float:
    """Return the sum of the seconds, the same in any order."""
    return float(summed_seconds(seconds, np.zeros(seconds.size, dtype=np.int64), 1)[0])
