"""Borda count: one order of candidates from several rankings.

Belongs here: the points. Does not belong here: what is ranked, and what the order is used for.

Source: J.-C. de Borda (1781); ties get the mean of the points that they span.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Floats


def borda_points(values: Floats) -> Floats:
    """Return the Borda points of candidates over indicators, higher values first; shape (..., candidates).

    ``values`` has shape (..., candidates, indicators). Per indicator a candidate gets one point for each candidate that
    it exceeds and half a point for each tie. Where an indicator is NaN for a candidate, that one gets the middle number
    of points, so it neither gains nor loses by it, and the points of the others are stretched to the full range.
    """
    n_candidates = values.shape[-2]
    middle = (n_candidates - 1) / 2
    own, other = values[..., :, None, :], values[..., None, :, :]
    beaten = (own > other).sum(axis=-2) + 0.5 * ((own == other).sum(axis=-2) - 1)
    is_measured = np.isfinite(values)
    n_measured = is_measured.sum(axis=-2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        stretched = beaten * (n_candidates - 1) / (n_measured - 1)
    points: Floats = np.where(is_measured & (n_measured > 1), stretched, middle).sum(axis=-1)
    return points
