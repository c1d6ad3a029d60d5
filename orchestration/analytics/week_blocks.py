"""Weeks drawn in blocks: how a resampled future keeps what neighbouring weeks have in common.

Belongs here: the drawing of positions. Does not belong here: what is made of the weeks drawn, which is each method's.

Source: D. N. Politis, J. P. Romano, "A circular block-resampling procedure for stationary data" (1992). Blocks wrap
around the end of the series, so every week is equally likely at every place; with blocks that do not wrap, the first
and the last week, of which the last matters most to a forecast, would be drawn least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Floats, Ints


def draw_block_uniforms(generator: np.random.Generator, n_paths: int, n_weeks: int) -> Floats:
    """Return the draws from [0, 1) that :func:`block_positions` needs for paths of ``n_weeks`` weeks, any block length.

    The same draws may serve every series of a frame: the result of one then does not depend on which others there are.
    """
    return generator.random((n_paths, n_weeks))


def block_positions(uniforms: Floats, n_points: int, n_weeks: int, block_weeks: int) -> Ints:
    """Return positions in a series of ``n_points`` for each path and week, shape (paths, n_weeks).

    ``uniforms`` from :func:`draw_block_uniforms`; each of its first ceil(n_weeks / block_weeks) columns picks where a
    block of ``block_weeks`` consecutive points starts. A block of 1 draws the weeks independently. Raises
    ``ValueError`` where there are too few draws or points.
    """
    n_blocks = -(-n_weeks // block_weeks)
    if n_points < 1 or uniforms.shape[1] < n_blocks:
        raise ValueError(
            f"Paths of {n_weeks} weeks in blocks of {block_weeks} need at least one week to draw from and {n_blocks} "
            f"draws a path; got {n_points} and {uniforms.shape[1]}."
        )
    starts = (uniforms[:, :n_blocks] * n_points).astype(np.int64)
    positions = (starts[:, :, None] + np.arange(block_weeks)) % n_points
    return positions.reshape(len(starts), -1)[:, :n_weeks]
